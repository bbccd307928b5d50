-- $1: a handle. Newest first.
SELECT activities.uuid, users.handle, activities.message, activities.replies_count, activities.likes_count,
       activities.created_at
  FROM activities
  JOIN users ON users.uuid = activities.user_uuid
 WHERE users.handle = $1
 ORDER BY activities.created_at DESC
 LIMIT 100
