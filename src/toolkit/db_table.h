#pragma once

#include <cstddef>
#include <iosfwd>

#include "postgres/result.h"

namespace stator::toolkit {

/// Columns under their names, numbers to the right, then "(3 rows)"; NULL is empty. Control characters are shown as
/// escapes, so that no value can move the cursor. Cells longer than `max_cell_characters` (0: no limit) end in "...". A
/// statement without rows shows its command ("INSERT 0 1").
void write_table(const postgres::Result& result, std::ostream& out, std::size_t max_cell_characters = 0);

/// RFC 4180: a heading line, fields quoted where they must be, lines end in LF. NULL is an empty field, an empty string
/// `""`.
void write_csv(const postgres::Result& result, std::ostream& out);

}  // namespace stator::toolkit
