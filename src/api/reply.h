#pragma once

#include "json/object_writer.h"

/// What replies are written with.
namespace stator::api {

using json::append_real;
using json::ArrayWriter;
using json::ObjectWriter;

}  // namespace stator::api
