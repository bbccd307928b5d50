#include "toolkit/item_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "core/api_error.h"
#include "core/ascii.h"
#include "core/utf8.h"
#include "engine/export/ion_text.h"
#include "engine/import/record_reader.h"
#include "json/item.h"
#include "json/writer.h"
#include "toolkit/compressed_stream.h"
#include "toolkit/csv.h"
#include "toolkit/csv_reader.h"
#include "toolkit/json_documents.h"
#include "toolkit/plain_json.h"

namespace stator::toolkit {
namespace {

constexpr std::size_t kMaxLineBytes = 16 * 1024 * 1024;
constexpr std::array<std::string_view, 10> kTypes = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"};

// --- CSV out -------------------------------------------------------------------------------------------------------

std::string cell_text(std::string_view type, const json::Value& content) {
  std::string_view text;
  if (content.get(text) == simdjson::SUCCESS) return std::string(text);
  if (type == "M" || type == "L" || type == "NS") {
    std::string plain;
    const std::string wire = "{\"" + std::string(type) + "\":" + std::string(simdjson::minify(content)) + "}";
    json::Parser parser;
    append_plain_value(parser.parse(wire), plain);
    // In an NS column, {"$NS":[1,2]} is written without its mark; a map that looks like a marked form keeps its mark.
    return type == "NS" ? plain.substr(7, plain.size() - 8) : plain;
  }
  return simdjson::minify(content);
}

[[noreturn]] void fail_on_temporary_file(const std::string& where) {
  throw std::system_error(errno, std::generic_category(), "cannot write a temporary file" + where);
}

/// A file without a name in TMPDIR, else in /tmp; std::tmpfile would always use /tmp.
std::FILE* open_temporary_file() {
  const char* variable = std::getenv("TMPDIR");
  const std::string directory = variable == nullptr || *variable == '\0' ? "/tmp" : variable;
  std::string name = directory + "/stator-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail_on_temporary_file(" in " + directory);
  ::unlink(name.c_str());
  std::FILE* const file = ::fdopen(descriptor, "w+b");
  if (file == nullptr) ::close(descriptor);
  return file;
}

/// The columns are known only at the end, so the items are kept in a temporary file until then.
class TypedCsvOutput : public ItemOutput {
 public:
  TypedCsvOutput(std::ostream& out, const TableInfo& table) : out_(out), spool_(open_temporary_file()) {
    if (!spool_) fail_on_temporary_file("");
    column(table.partition_key.name + ":" + table.partition_key.type);
    if (table.has_sort_key()) column(table.sort_key.name + ":" + table.sort_key.type);
  }

  void write(const json::Object& item) override {
    std::string line;
    for (const auto member : item) {
      json::Object value;
      if (member.value.get(value) != simdjson::SUCCESS || value.size() != 1)
        throw std::runtime_error("the reply holds a value that is not an attribute value");
      const auto [type, content] = *value.begin();
      const std::string text = cell_text(type, content);
      append_number(column(std::string(member.key) + ":" + std::string(type)), line);
      append_number(text.size(), line);
      line += text;
    }
    std::string head;
    append_number(line.size(), head);
    put(head + line);
  }

  void finish() override {
    std::string record;
    for (const std::string& name : columns_) {
      if (!record.empty()) record += ',';
      append_csv_field(name, record);
    }
    out_ << record << "\r\n";
    // The disk may be too full for what is still buffered; rewind() would not report that.
    if (std::fseek(spool_.get(), 0, SEEK_SET) != 0) fail_on_temporary_file("");
    std::string line;
    while (read_line(line)) write_record(line);
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::size_t column(const std::string& name) {
    const auto [place, is_new] = places_.try_emplace(name, columns_.size());
    if (is_new) columns_.push_back(name);
    return place->second;
  }
  static void append_number(std::uint64_t number, std::string& out) {
    for (int byte = 0; byte < 8; ++byte) out += static_cast<char>((number >> (8 * byte)) & 0xFFU);
  }
  static std::uint64_t take_number(std::string_view& in) {
    std::uint64_t number = 0;
    for (std::size_t byte = 0; byte < 8; ++byte)
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(in.at(byte))) << (8 * byte);
    in.remove_prefix(8);
    return number;
  }
  void put(const std::string& bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), spool_.get()) != bytes.size()) fail_on_temporary_file("");
  }
  bool read_line(std::string& line) {
    std::array<char, 8> head{};
    if (std::fread(head.data(), 1, head.size(), spool_.get()) != head.size()) {
      if (std::ferror(spool_.get()) != 0) fail_on_temporary_file("");
      return false;
    }
    std::string_view view(head.data(), head.size());
    line.resize(take_number(view));
    if (std::fread(line.data(), 1, line.size(), spool_.get()) != line.size()) fail_on_temporary_file("");
    return true;
  }
  void write_record(std::string_view line) {
    std::vector<std::optional<std::string_view>> cells(columns_.size());
    while (!line.empty()) {
      const std::size_t place = take_number(line);
      const std::size_t size = take_number(line);
      cells[place] = line.substr(0, size);
      line.remove_prefix(size);
    }
    std::string record;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) record += ',';
      if (!cells[i]) continue;
      // An empty text is written in quotes; an empty field means that the attribute is missing.
      if (cells[i]->empty()) {
        record += "\"\"";
      } else {
        append_csv_field(*cells[i], record);
      }
    }
    out_ << record << "\r\n";
  }

  std::ostream& out_;
  std::vector<std::string> columns_;
  std::map<std::string, std::size_t> places_;
  std::unique_ptr<std::FILE, Closer> spool_;
};

/// Writes Ion as the database's own exports do.
class IonOutput : public ItemOutput {
 public:
  explicit IonOutput(std::ostream& out) : out_(out) {}

  void write(const json::Object& item) override {
    std::string line(engine::kIonVersion);
    try {
      engine::append_ion_item(json::normalise_item(item).json, line.append("{Item:"));
    } catch (const core::ApiError& error) {
      throw std::runtime_error("an item cannot be written as Ion: " + error.message);
    }
    out_ << line << "}\n";
  }
  void finish() override {}

 private:
  std::ostream& out_;
};

// --- reading -------------------------------------------------------------------------------------------------------

constexpr const char* kOtherEncoding = " (to convert Windows-1252 or Latin-1: iconv -f WINDOWS-1252 -t UTF-8)";
/// The first four bytes of Ion text that begins with a version marker, as in AWS's exports.
constexpr std::string_view kIonSign = "$ion";

/// Returns the first four bytes without consuming them; empty if the stream's buffer has fewer.
std::string first_bytes(std::istream& in) {
  std::streambuf& buffer = *in.rdbuf();
  std::string first(4, '\0');
  static_cast<void>(buffer.sgetc());  // fills it
  // Only bytes in the buffer can be put back.
  if (buffer.in_avail() < static_cast<std::streamsize>(first.size())) return {};
  buffer.sgetn(first.data(), static_cast<std::streamsize>(first.size()));
  for (std::size_t i = 0; i < first.size(); ++i) buffer.sungetc();
  return first;
}

/// Throws if the first bytes show that the file is not text in UTF-8.
void refuse_other_files(std::string_view first) {
  struct Sign {
    /// '.' matches any byte except zero.
    std::string_view bytes;
    const char* what;
  };
  using namespace std::string_view_literals;
  static constexpr std::array kSigns = {
      Sign{"\x1F\x8B"sv, "compressed with gzip, and its name does not end in .gz (zcat FILE | stator import TABLE)"},
      Sign{"\x28\xB5\x2F\xFD"sv,
           "compressed with zstd, and its name does not end in .zst (zstd -dc FILE | stator import TABLE)"},
      Sign{"BZh"sv, "compressed with bzip2 (bzip2 -dc FILE | stator import TABLE)"},
      Sign{"\xFD\x37\x7A\x58"sv, "compressed with xz (xz -dc FILE | stator import TABLE)"},
      Sign{"PK\x03\x04"sv, "a ZIP archive; if it is a spreadsheet, save it as CSV"},
      Sign{"PAR1"sv, "Parquet; convert it to CSV or JSON first"},
      Sign{"\xE0\x01\x00\xEA"sv, "Amazon Ion in binary form; convert it to Ion text first"},
      Sign{"\xFF\xFE\x00\x00"sv, "UTF-32 (iconv -f UTF-32 -t UTF-8 FILE | stator import TABLE)"},
      Sign{"\x00\x00\xFE\xFF"sv, "UTF-32 (iconv -f UTF-32 -t UTF-8 FILE | stator import TABLE)"},
      Sign{"\xFF\xFE"sv, "UTF-16 (iconv -f UTF-16 -t UTF-8 FILE | stator import TABLE)"},
      Sign{"\xFE\xFF"sv, "UTF-16 (iconv -f UTF-16 -t UTF-8 FILE | stator import TABLE)"},
      Sign{".\0.\0"sv, "UTF-16 (iconv -f UTF-16LE -t UTF-8 FILE | stator import TABLE)"},
      Sign{"\0.\0."sv, "UTF-16 (iconv -f UTF-16BE -t UTF-8 FILE | stator import TABLE)"},
  };
  const auto is = [](std::string_view text, std::string_view sign) {
    return std::ranges::equal(text.substr(0, sign.size()), sign,
                              [](char byte, char of_sign) { return of_sign == '.' ? byte != '\0' : byte == of_sign; });
  };
  for (const Sign& sign : kSigns) {
    if (is(first, sign.bytes)) throw BadItem(1, std::string("this is ") + sign.what, true);
  }
}

/// Reads an item a line, or documents (JsonDocuments) if the first line shows that they are.
class JsonReader : public ItemFileReader {
 public:
  /// `plain`: nullopt if the first good item is to decide.
  JsonReader(std::istream& in, const TableInfo& table, std::optional<bool> plain)
      : ItemFileReader(in), table_(table), plain_(plain) {}

  std::optional<ItemChange> read() override {
    if (documents_) return read_of_document();
    std::string text;
    while (next_line(text)) {
      if (!too_long_ && text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (std::exchange(at_first_line_, false) && begins_document(text)) {
        documents_.emplace(in_, text + (has_newline_ ? "\n" : ""), line_, table_.name, table_.partition_key.name);
        return read_of_document();
      }
      if (too_long_) throw BadItem(line_, "a line of more than 16 MB");
      return change_of(text);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::uint64_t bytes() const override {
    return ItemFileReader::bytes() - (documents_ ? documents_->bytes_ahead() : 0);
  }
  [[nodiscard]] std::uint64_t lines() const override { return documents_ ? documents_->line() : line_; }
  [[nodiscard]] std::uint64_t item_line() const override { return documents_ ? documents_->object_line() : line_; }

 private:
  /// Reads the first item, as the beginning of the file shows its form.
  void prepare_to_resume() override {
    try {
      read();
    } catch (const BadItem&) {
      // An earlier run skipped it.
    }
  }
  void set_lines(std::uint64_t lines) override {
    line_ = lines;
    if (documents_) documents_->resume_at_line(lines);
  }

  /// Skips the rest of a line that is too long; but if that line begins a document, takes nothing after `text`.
  bool next_line(std::string& text) {
    text.clear();
    too_long_ = false;
    has_newline_ = false;
    std::streambuf& in = *in_.rdbuf();
    int c = in.sbumpc();
    if (c == std::char_traits<char>::eof()) return false;
    ++line_;
    for (; c != '\n' && c != std::char_traits<char>::eof(); c = in.sbumpc()) {
      if (too_long_) continue;
      text += static_cast<char>(c);
      if (line_ == 1 && text == core::kByteOrderMark) text.clear();
      too_long_ = text.size() >= kMaxLineBytes;
      if (too_long_ && at_first_line_ && begins_document(text)) return true;
    }
    has_newline_ = c == '\n';
    return true;
  }

  /// Whether a line begins a list, an object of several lines, an object with a list of items in it, or a NoSQL
  /// Workbench model (for which JsonDocuments has a message).
  [[nodiscard]] bool begins_document(const std::string& text) const {
    const std::size_t first = std::min(text.find_first_not_of(" \t\r"), text.size());
    if (text[first] != '{') return text[first] == '[';
    const std::size_t second = std::min(text.find_first_not_of(" \t\r", first + 1), text.size());
    if (second == text.size()) return true;
    const std::string_view rest = std::string_view(text).substr(second);
    if (rest.starts_with("\"ModelName\"") && rest.find("\"DataModel\"") != std::string_view::npos) return true;
    if (!rest.starts_with("\"Items\"") && !rest.starts_with('"' + table_.name + '"')) return false;
    json::Parser parser;
    json::Object object;
    json::Value member;
    if (!parse_object(parser, text, object)) return true;
    // An item may have an attribute with that name.
    return !json::find_member(object, table_.partition_key.name, member) && (*object.begin()).value.is_array();
  }

  std::optional<ItemChange> read_of_document() {
    try {
      const std::optional<std::string> text = documents_->next();
      if (!text) return std::nullopt;
      line_ = documents_->object_line();
      return change_of(*text);
    } catch (const DocumentError& error) {
      throw BadItem(error.line, error.what(), error.ends_reading);
    }
  }

  [[nodiscard]] ItemChange change_of(const std::string& text) {
    const bool plain = plain_ ? *plain_ : !is_item_record(table_, text);
    try {
      ItemChange change = plain ? ItemChange{wire_item(text)} : change_of_record(table_, text, line_);
      if (plain) check_keys(table_, change.json, line_);
      plain_ = plain;
      return change;
    } catch (const BadItem& error) {
      throw BadItem(line_, error.what() + hint(text, plain));
    } catch (const PlainJsonError& error) {
      throw BadItem(line_, error.what() + hint(text, plain));
    } catch (const core::ApiError& error) {
      throw BadItem(line_, (error.message.empty() ? "this is not JSON" : error.message) + hint(text, plain));
    }
  }

  /// What a bad item seems to be instead, as the end of a message.
  [[nodiscard]] std::string hint(const std::string& text, bool plain) const {
    if (!core::is_utf8(text)) return kOtherEncoding;
    return plain && is_item_record(table_, text) ? "; is this DynamoDB JSON? Then give --format ddb-json" : "";
  }

  const TableInfo& table_;
  std::optional<bool> plain_;
  std::optional<JsonDocuments> documents_;
  bool at_first_line_ = true;
  bool too_long_ = false;
  bool has_newline_ = false;
  std::uint64_t line_ = 0;
};

class TypedCsvReader : public ItemFileReader {
 public:
  TypedCsvReader(std::istream& in, const TableInfo& table) : ItemFileReader(in), reader_(in), table_(table) {
    std::vector<CsvField> names;
    try {
      // If the table's key attribute is named "a;b", a line "a;b" is that name.
      const auto is_key = [&](std::string_view line) {
        const KeyColumn& key = table.partition_key;
        return line == key.name || line == key.name + ":" + key.type;
      };
      if (!reader_.read_first(names, is_key)) return;
    } catch (const CsvError& error) {
      throw BadItem(error.line, error.what());
    }
    for (const CsvField& field : names) columns_.push_back(column_of(field.text));
    for (const KeyColumn* key : {&table.partition_key, &table.sort_key}) {
      const auto is_key = [key](const KeyColumn& column) { return column.name == key->name; };
      if (!key->name.empty() && std::ranges::none_of(columns_, is_key))
        throw BadItem(reader_.line(), "no column is the key attribute " + key->name + " (" + key->type + ")", true);
    }
  }

  std::optional<ItemChange> read() override {
    std::vector<CsvField> record;
    try {
      if (!reader_.read(record)) return std::nullopt;
    } catch (const CsvError& error) {
      throw BadItem(error.line, error.what());
    }
    if (record.size() != columns_.size())
      throw BadItem(reader_.line(), std::to_string(record.size()) + (record.size() == 1 ? " field" : " fields") +
                                        ", but " + std::to_string(columns_.size()) +
                                        (columns_.size() == 1 ? " column" : " columns"));
    std::string item = "{";
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < record.size(); ++i) {
      if (record[i].text.empty() && !record[i].quoted) continue;
      // a:S and a:N are two columns for one attribute.
      if (!names.insert(columns_[i].name).second)
        throw BadItem(reader_.line(), "attribute " + columns_[i].name + " has two values");
      if (item.size() > 1) item += ',';
      json::append_string(columns_[i].name, item);
      item += ':' + value_of(columns_[i], record[i].text);
    }
    item += '}';
    check_keys(table_, item, reader_.line());
    return ItemChange{std::move(item)};
  }

  [[nodiscard]] std::uint64_t lines() const override { return reader_.next_line(); }
  [[nodiscard]] std::uint64_t item_line() const override { return reader_.line(); }

 private:
  void set_lines(std::uint64_t lines) override { reader_.set_next_line(lines); }

  [[nodiscard]] KeyColumn column_of(const std::string& text) const {
    if (text.empty()) throw BadItem(reader_.line(), "a column without a name");
    const std::size_t colon = text.rfind(':');
    if (colon != std::string::npos && colon > 0 &&
        std::find(kTypes.begin(), kTypes.end(), text.substr(colon + 1)) != kTypes.end())
      return {text.substr(0, colon), text.substr(colon + 1)};
    for (const KeyColumn* key : {&table_.partition_key, &table_.sort_key}) {
      if (key->name == text) return *key;
    }
    if (colon != std::string::npos && colon > 0) {
      std::string types;
      for (const std::string_view type : kTypes) types.append(types.empty() ? "" : ", ").append(type);
      throw BadItem(reader_.line(), "column " + text + ": \"" + text.substr(colon + 1) + "\" is not a type (" + types +
                                        "); an attribute with a colon in its name is " + text + ":S");
    }
    return {text, "S"};
  }

  [[nodiscard]] std::string value_of(const KeyColumn& column, const std::string& text) const {
    const auto fail = [&](const std::string& why) {
      throw BadItem(reader_.line(), "column " + column.name + ": " + why);
    };
    if (!core::is_utf8(text)) fail(std::string("not UTF-8") + kOtherEncoding);
    try {
      if (column.type == "S" || column.type == "N" || column.type == "B") return key_value(column, text, "column");
      if (column.type == "BOOL") {
        // Spreadsheets write TRUE.
        const bool is_true = core::equals_ignoring_case(text, "true");
        if (!is_true && !core::equals_ignoring_case(text, "false"))
          fail("expected true or false, found \"" + text.substr(0, 60) + "\"");
        return is_true ? R"({"BOOL":true})" : R"({"BOOL":false})";
      }
      if (column.type == "NULL") return R"({"NULL":true})";
      const bool is_set = column.type.size() == 2;
      const std::string wire = wire_value(is_set ? "{\"$" + column.type + "\":" + text + "}" : text);
      if (!wire.starts_with("{\"" + column.type + "\":")) fail("expected a value of type " + column.type);
      return wire;
    } catch (const PlainJsonError& error) {
      fail(error.what());
    } catch (const BadItem&) {
      throw;
    } catch (const std::runtime_error& error) {
      throw BadItem(reader_.line(), error.what());
    }
    return {};
  }

  CsvReader reader_;
  const TableInfo& table_;
  std::vector<KeyColumn> columns_;
};

/// Adapts the stream to the Ion reader of ImportTable.
class IonBytes final : public engine::BucketReader {
 public:
  explicit IonBytes(std::istream& in) : in_(*in.rdbuf()) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    try {
      return static_cast<std::size_t>(in_.sgetn(buffer, static_cast<std::streamsize>(capacity)));
    } catch (const DamagedFile& error) {
      // An InputError, so that the records before the damage are still read.
      throw engine::InputError(error.what());
    }
  }

 private:
  std::streambuf& in_;
};

class IonReader : public ItemFileReader {
 public:
  IonReader(std::istream& in, const TableInfo& table) : ItemFileReader(in), table_(table) { open(0); }

  std::optional<ItemChange> read() override {
    engine::InputRecord record;
    if (!records_->read(record)) return std::nullopt;
    if (!record.fault.empty()) throw BadItem(item_line(), record.fault, records_->ended());
    try {
      return change_of_record(table_, record.json, item_line());
    } catch (const core::ApiError& error) {
      const bool is_text = core::is_utf8(record.json);
      throw BadItem(item_line(), is_text ? error.message : std::string("not UTF-8") + kOtherEncoding);
    }
  }

  [[nodiscard]] std::uint64_t bytes() const override { return records_->position(); }
  [[nodiscard]] std::uint64_t lines() const override { return lines_before_ + records_->line_ends(); }
  [[nodiscard]] std::uint64_t item_line() const override {
    return lines_before_ + records_->line_ends_before_record() + 1;
  }

 private:
  void set_lines(std::uint64_t lines) override {
    lines_before_ = lines;
    open(ItemFileReader::bytes());
  }

  void open(std::uint64_t position) {
    auto bytes = std::make_unique<engine::InputStream>(std::make_unique<IonBytes>(in_), engine::Compression::kNone);
    records_ = engine::read_ion_records(std::move(bytes), position);
  }

  const TableInfo& table_;
  std::unique_ptr<engine::RecordReader> records_;
  std::uint64_t lines_before_ = 0;  // the lines before the point from which the import resumed
};

}  // namespace

std::uint64_t ItemFileReader::bytes() const {
  return static_cast<std::uint64_t>(std::max<std::streamoff>(in_.tellg(), 0));
}

void ItemFileReader::resume_at(std::uint64_t bytes, std::uint64_t lines) {
  prepare_to_resume();
  in_.clear();  // the end-of-file state of a short file
  if (!in_.seekg(static_cast<std::streamoff>(bytes))) throw std::runtime_error("the file cannot be read on");
  set_lines(lines);
}

std::optional<FileFormat> format_of_file(const std::string& file) {
  const std::filesystem::path name = without_compressed_ending(file);
  const std::string ending = name.extension().string();
  if (ending == ".csv") return FileFormat::kCsv;
  if (ending == ".ion") return FileFormat::kIon;
  for (const char* plain : {"", ".jsonl", ".ndjson", ".json"}) {
    if (ending == plain) return FileFormat::kPlain;
  }
  return std::nullopt;
}

std::unique_ptr<ItemOutput> make_file_output(FileFormat format, std::ostream& out, const TableInfo& table) {
  switch (format) {
    case FileFormat::kAnyJson:
    case FileFormat::kPlain:
      return make_item_output(ItemFormat::kPlainJsonLines, out);
    case FileFormat::kDdbJson:
      return make_item_output(ItemFormat::kJsonLines, out);
    case FileFormat::kCsv:
      return std::make_unique<TypedCsvOutput>(out, table);
    case FileFormat::kIon:
      return std::make_unique<IonOutput>(out);
  }
  return nullptr;
}

std::unique_ptr<ItemFileReader> make_file_reader(FileFormat format, std::istream& in, const TableInfo& table) {
  const std::string first = first_bytes(in);
  refuse_other_files(first);
  if (format == FileFormat::kIon || (format == FileFormat::kAnyJson && first == kIonSign))
    return std::make_unique<IonReader>(in, table);
  if (first == kIonSign) throw BadItem(1, "this is Amazon Ion; read it with --format ion", true);
  if (format == FileFormat::kCsv) return std::make_unique<TypedCsvReader>(in, table);
  std::optional<bool> plain;
  if (format != FileFormat::kAnyJson) plain = format == FileFormat::kPlain;
  return std::make_unique<JsonReader>(in, table, plain);
}

}  // namespace stator::toolkit
