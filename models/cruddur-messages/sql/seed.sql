-- The people of the seeded conversation, a third who is not in it, and a few of their posts.
-- Fit to be loaded again: rows that are there stay as they are.

INSERT INTO public.users (uuid, display_name, handle, email, cognito_user_id, created_at) VALUES
  ('8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11', 'Andrew Brown', 'andrewbrown', 'andrew@example.com', 'MOCK', '2023-02-11 09:00:00'),
  ('f2b7c8d4-1e3a-4c6b-8f90-7a6d5c4b3e22', 'Andrew Bayko', 'bayko', 'bayko@example.com', 'MOCK', '2023-02-11 09:05:00'),
  ('3e5d7a90-42c8-4f1b-b6e7-91d0c2a8f533', 'Mirela Stan', 'mirela', 'mirela@example.com', 'MOCK', '2023-02-14 17:30:00')
ON CONFLICT DO NOTHING;

INSERT INTO public.activities (uuid, user_uuid, message, replies_count, likes_count, reply_to_activity_uuid, expires_at, created_at) VALUES
  ('a1d4f6c2-0b7e-4d35-8c19-5e2f7a6b9c01', '8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11',
   'Week five: the messages move into a single table.', 1, 2, NULL, NULL, '2023-03-19 18:00:00'),
  ('a1d4f6c2-0b7e-4d35-8c19-5e2f7a6b9c02', 'f2b7c8d4-1e3a-4c6b-8f90-7a6d5c4b3e22',
   'Write the access patterns down first, the keys follow from them.', 0, 3, 'a1d4f6c2-0b7e-4d35-8c19-5e2f7a6b9c01', NULL,
   '2023-03-19 18:12:00'),
  ('a1d4f6c2-0b7e-4d35-8c19-5e2f7a6b9c03', '3e5d7a90-42c8-4f1b-b6e7-91d0c2a8f533',
   'Is anybody else up late with this?', 0, 1, NULL, '2033-03-26 22:45:00', '2023-03-19 22:45:00')
ON CONFLICT DO NOTHING;
