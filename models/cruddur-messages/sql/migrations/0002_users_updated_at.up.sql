ALTER TABLE public.users ADD COLUMN updated_at timestamp;
