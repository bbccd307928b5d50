#include "postgres/result.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "core/json_string.h"
#include "postgres/error.h"

namespace stator::postgres {
namespace {

using core::append_json_string;

enum class JsonForm : std::uint8_t { kText, kNumber, kBoolean, kJson };

struct TypeForm {
  std::uint32_t type;
  /// The oid of the type's arrays.
  std::uint32_t array_type;
  JsonForm form;
};

/// Source: PostgreSQL's catalog, pg_type.dat.
constexpr std::array kTypes{
    TypeForm{16, 1000, JsonForm::kBoolean},   // boolean
    TypeForm{20, 1016, JsonForm::kNumber},    // bigint
    TypeForm{21, 1005, JsonForm::kNumber},    // smallint
    TypeForm{23, 1007, JsonForm::kNumber},    // integer
    TypeForm{26, 1028, JsonForm::kNumber},    // oid
    TypeForm{700, 1021, JsonForm::kNumber},   // real
    TypeForm{701, 1022, JsonForm::kNumber},   // double precision
    TypeForm{1700, 1231, JsonForm::kNumber},  // numeric
    TypeForm{114, 199, JsonForm::kJson},      // json
    TypeForm{3802, 3807, JsonForm::kJson},    // jsonb
};

/// The oids of other types' arrays with a comma between elements, which are text in JSON.
/// Source: PostgreSQL's catalog, pg_type.typarray and typdelim.
constexpr std::array<std::uint32_t, 67> kTextArrays{
    143,  271,  629,  651,  719,  775,  791,  1001, 1002, 1003, 1006, 1008, 1009, 1010, 1011, 1012, 1013,
    1014, 1015, 1017, 1018, 1019, 1027, 1034, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1263, 1270, 1561,
    1563, 2201, 2207, 2208, 2209, 2210, 2211, 2287, 2949, 2951, 3221, 3643, 3644, 3645, 3735, 3770, 3905,
    3907, 3909, 3911, 3913, 3927, 4073, 4090, 4097, 4192, 5039, 6150, 6151, 6152, 6153, 6155, 6157};
/// The oid of text, used for elements that become strings.
constexpr std::uint32_t kText = 25;
/// The only built-in array type with another delimiter.
constexpr std::uint32_t kBoxArray = 1020;

void append_scalar(std::string_view text, JsonForm form, std::string& out) {
  const bool is_word = !text.empty() && (text.front() == 'N' || text.back() == 'y');  // NaN, Infinity, -Infinity
  if (form == JsonForm::kBoolean) {
    out += text == "t" ? "true" : "false";
  } else if (form == JsonForm::kJson) {
    // The type json keeps its text as written. Replace line breaks, which are white space there, as in JSON Lines they
    // would end the row.
    std::ranges::replace_copy_if(
        text, std::back_inserter(out), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  } else if (form == JsonForm::kNumber && !is_word) {
    out += text;
  } else {
    append_json_string(text, out);
  }
}

void append_text(std::string_view text, std::uint32_t type, std::string& out);

/// PostgreSQL's array literal, `{1,NULL,"a \"b\"",{…}}`, as a JSON array; lower bounds (`[0:1]={…}`) are dropped.
void append_array(std::string_view text, std::uint32_t element_type, char delimiter, std::string& out) {
  const std::array ends{delimiter, '}'};
  std::size_t i = text.find('{');
  bool needs_comma = false;
  const auto separate = [&] {
    if (needs_comma) out += ',';
    needs_comma = true;
  };
  for (; i < text.size(); ++i) {
    if (text[i] == '{') {
      separate();
      out += '[';
      needs_comma = false;
    } else if (text[i] == '}') {
      out += ']';
      needs_comma = true;
    } else if (text[i] == '"') {
      std::string element;
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        element += text[i];
      }
      separate();
      append_text(element, element_type, out);
    } else if (text[i] != delimiter) {
      const std::size_t end = std::min(text.find_first_of(std::string_view(ends.data(), ends.size()), i), text.size());
      const std::string_view element = text.substr(i, end - i);
      separate();
      if (element == "NULL") {
        out += "null";
      } else {
        append_text(element, element_type, out);
      }
      i = end - 1;
    }
  }
}

void append_text(std::string_view text, std::uint32_t type, std::string& out) {
  for (const TypeForm& known : kTypes) {
    if (known.type == type) return append_scalar(text, known.form, out);
    if (known.array_type == type) return append_array(text, known.type, ',', out);
  }
  if (std::ranges::binary_search(kTextArrays, type)) return append_array(text, kText, ',', out);
  if (type == kBoxArray) return append_array(text, kText, ';', out);
  append_json_string(text, out);
}

void append_field(const Field& field, const Column& column, std::string& out) {
  if (!field) {
    out += "null";
  } else if (column.element_type != 0) {
    append_array(*field, column.element_type, column.delimiter, out);
  } else {
    append_text(*field, column.type, out);
  }
}

}  // namespace

bool has_type_of_database(const Column& column) {
  // Lower oids are assigned by hand and the same in every database (FirstGenbkiObjectId in access/transam.h).
  constexpr std::uint32_t kFirstOther = 10'000;
  return column.type >= kFirstOther;
}

void refuse_equal_names(const std::vector<Column>& columns) {
  std::set<std::string_view> names;
  for (const Column& column : columns) {
    if (!names.insert(column.name).second) {
      throw Error(ErrorKind::kUsage,
                  "two columns are named \"" + column.name + "\", which a JSON object cannot hold: rename one with AS");
    }
  }
}

void append_row_as_json(const std::vector<Column>& columns, const Row& row, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(columns[i].name, out);
    out += ':';
    append_field(row[i], columns[i], out);
  }
  out += '}';
}

}  // namespace stator::postgres
