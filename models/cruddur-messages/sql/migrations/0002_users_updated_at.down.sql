ALTER TABLE public.users DROP COLUMN updated_at;
