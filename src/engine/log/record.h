#pragma once

#include <string>
#include <string_view>

#include "engine/change.h"
#include "engine/log/log_types.h"

/// Records of the change log as they are stored (docs/format.md, "The change log").
namespace stator::engine {

/// Which images of an item the records of a stream hold.
struct ImageChoice {
  bool new_image = false;
  bool old_image = false;
};
/// The images of a StreamViewType; no images for an unknown one.
ImageChoice images_of_view(std::string_view view_type);

/// Appends the record of a change; the change must change the item. Throws core::DamageError.
void append_log_record(const Change& change, ImageChoice images, std::string& out);

/// The views point into `stored`. Throws core::DamageError.
LogRecord read_log_record(std::string_view stored);

/// What the records that consumers read call it: INSERT, MODIFY or REMOVE.
std::string_view event_name(ChangeKind kind);

}  // namespace stator::engine
