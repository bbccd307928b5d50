SELECT users.uuid, users.handle, users.display_name, users.email
  FROM users
 ORDER BY users.handle
