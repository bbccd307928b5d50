-- $1: a handle.
SELECT users.uuid
  FROM users
 WHERE users.handle = $1
