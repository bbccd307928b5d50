-- The relational half of the messages model: who may write, and what they post in public.
-- Fit to be loaded again: what is there stays.

CREATE TABLE IF NOT EXISTS public.users (
  uuid            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  display_name    text NOT NULL,
  handle          text NOT NULL UNIQUE,
  email           text NOT NULL,
  cognito_user_id text NOT NULL,
  created_at      timestamp NOT NULL DEFAULT current_timestamp
);

CREATE TABLE IF NOT EXISTS public.activities (
  uuid                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_uuid              uuid NOT NULL REFERENCES public.users (uuid) ON DELETE CASCADE,
  message                text NOT NULL,
  replies_count          integer NOT NULL DEFAULT 0,
  reposts_count          integer NOT NULL DEFAULT 0,
  likes_count            integer NOT NULL DEFAULT 0,
  reply_to_activity_uuid uuid REFERENCES public.activities (uuid) ON DELETE SET NULL,
  expires_at             timestamp,
  created_at             timestamp NOT NULL DEFAULT current_timestamp
);
