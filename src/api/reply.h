#pragma once

#include "json/object_writer.h"

/// The writers of replies.
namespace stator::api {

using json::append_real;
using json::ArrayWriter;
using json::ObjectWriter;

}  // namespace stator::api
