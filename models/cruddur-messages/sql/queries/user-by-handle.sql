-- $1: a handle.
SELECT users.uuid, users.handle, users.display_name, users.email
  FROM users
 WHERE users.handle = $1
