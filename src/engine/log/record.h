#pragma once

#include <string>
#include <string_view>

#include "engine/change.h"
#include "engine/log/log_types.h"

/// The stored form of records of the change log (docs/format.md, "The change log").
namespace stator::engine {

/// Which images of an item the records of a stream contain.
struct ImageChoice {
  bool new_image = false;
  bool old_image = false;
};
/// The images that a StreamViewType stands for; none for an unknown type.
ImageChoice images_of_view(std::string_view view_type);

/// Appends the stored record of a change, which must change the item. Throws core::DamageError.
void append_log_record(const Change& change, ImageChoice images, std::string& out);

/// Reads a stored record; its views point into `stored`. Throws core::DamageError.
LogRecord read_log_record(std::string_view stored);

/// The eventName of stream records: INSERT, MODIFY or REMOVE.
std::string_view event_name(ChangeKind kind);

}  // namespace stator::engine
