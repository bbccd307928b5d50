#include "partiql/result_projection.h"

#include "expression/path.h"
#include "json/writer.h"
#include "partiql/bind.h"

namespace stator::partiql {

ResultProjection::ResultProjection(const Statement& statement) {
  for (const ProjectedPath& projected : statement.projection) {
    paths_.push_back(bind_path(statement, statement.node(projected.path)));
    names_.push_back(projected.name);
  }
}

void ResultProjection::append(std::string_view item_json, std::string& out) const {
  if (paths_.empty()) {
    out += item_json;
    return;
  }
  const json::Item item(item_json);
  expression::PathResolver resolver(item);
  out += '{';
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const std::size_t before = out.size();
    if (before != begin) out += ',';
    json::append_string(names_[i], out);
    out += ':';
    if (paths_[i].steps.empty()) {
      if (!item.append_attribute(paths_[i].attribute, out)) out.resize(before);
    } else if (const core::AttributeValue* value = resolver.find(paths_[i])) {
      json::append_value(*value, out);
    } else {
      out.resize(before);
    }
  }
  out += '}';
}

}  // namespace stator::partiql
