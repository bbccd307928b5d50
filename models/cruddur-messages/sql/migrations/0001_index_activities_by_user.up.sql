-- A person's posts, newest first, without reading everybody's.
CREATE INDEX activities_by_user ON public.activities (user_uuid, created_at DESC);
