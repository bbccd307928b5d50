#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/utf8.h"

/// UTF-8 text counted and cut in code points.
namespace stator::model {

/// The number of code points in `text`; an invalid byte counts as one.
std::size_t code_points(std::string_view text);
/// The first `count` code points.
std::string_view first_code_points(std::string_view text, std::size_t count);
using core::is_utf8;
using core::next_code_point;

/// The first `count` code points in quotes, with escapes as in JSON, so always on one line.
std::string shown(std::string_view text, std::size_t count = 60);

/// The candidate with the smallest edit distance to `word`; empty if none is near enough to suggest.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// The message for a member that is not among `known`, with the nearest of them.
std::string unknown_member(std::string_view name, std::span<const std::string_view> known);

}  // namespace stator::model
