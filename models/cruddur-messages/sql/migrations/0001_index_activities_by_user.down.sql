DROP INDEX public.activities_by_user;
