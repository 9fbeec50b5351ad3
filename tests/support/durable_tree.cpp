#include "support/durable_tree.h"

#include <fstream>
#include <iterator>
#include <utility>

namespace berth::test {

namespace stdfs = std::filesystem;

namespace {

std::string content_of(const stdfs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const stdfs::path& path, const std::string& content, stdfs::file_time_type modified) {
  std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  stdfs::permissions(path, stdfs::perms::owner_read | stdfs::perms::owner_write);
  stdfs::last_write_time(path, modified);
}

}  // namespace

DurableTree::DurableTree(const std::string& root) : root_path_(stdfs::path(root).lexically_normal()), root_(scan(root_path_)) {}

DurableTree::NodePtr DurableTree::scan(const stdfs::path& path) {
  auto node = std::make_shared<Node>();
  node->directory = stdfs::is_directory(path);
  if (!node->directory) {
    if (stdfs::is_regular_file(path)) node->synced = content_of(path);  // a fifo would wait for a writer
    node->synced_at = stdfs::last_write_time(path);
    return node;
  }
  for (const auto& entry : stdfs::directory_iterator(path))
    node->current.emplace(entry.path().filename().string(), scan(entry.path()));
  node->durable = node->current;
  return node;
}

// A name that the model does not know but the file system has was put there behind its back: durable.
DurableTree::NodePtr DurableTree::child(const NodePtr& directory, const std::string& name, const stdfs::path& path) {
  if (const auto known = directory->current.find(name); known != directory->current.end()) return known->second;
  if (!stdfs::exists(stdfs::symlink_status(path))) return nullptr;
  return directory->current[name] = directory->durable[name] = scan(path);
}

DurableTree::Place DurableTree::place_of(const std::string& path) {
  const stdfs::path normal = stdfs::path(path).lexically_normal();
  const stdfs::path relative = normal.lexically_relative(root_path_);
  if (relative.empty() || *relative.begin() == "..") return {};
  Place place{.directory = root_, .name = "."};
  stdfs::path walked = root_path_;
  for (const auto& component : relative) {
    if (component.empty() || component == ".") continue;
    if (place.name != ".") place.directory = child(place.directory, place.name, walked);
    if (!place.directory || !place.directory->directory) return {};
    place.name = component.string();
    walked /= component;
  }
  return place;
}

DurableTree::NodePtr DurableTree::find(const std::string& path) {
  const Place place = place_of(path);
  if (!place.directory || place.name == ".") return place.directory;
  return child(place.directory, place.name, path);
}

void DurableTree::name(const std::string& path, const NodePtr& node) {
  if (const Place place = place_of(path); place.directory) place.directory->current[place.name] = node;
}

DurableTree::NodePtr DurableTree::file_created(const std::string& path) {
  auto node = std::make_shared<Node>();
  node->synced_at = stdfs::file_time_type::clock::now();
  name(path, node);
  return node;
}

void DurableTree::directory_made(const std::string& path) {
  auto node = std::make_shared<Node>();
  node->directory = true;
  name(path, node);
}

void DurableTree::linked(const NodePtr& node, const std::string& path) { name(path, node); }

void DurableTree::renamed(const std::string& from, const std::string& to) {
  const Place place = place_of(from);
  if (!place.directory) return;
  const auto known = place.directory->current.find(place.name);
  if (known == place.directory->current.end()) return;
  const NodePtr node = known->second;
  place.directory->current.erase(known);
  name(to, node);
}

void DurableTree::removed(const std::string& path) {
  if (const Place place = place_of(path); place.directory) place.directory->current.erase(place.name);
}

void DurableTree::directory_synced(const std::string& path) {
  if (const NodePtr node = find(path)) node->durable = node->current;
}

void DurableTree::file_synced(Node& node, std::string content) {
  if (node.sync_failed) return;
  node.synced = std::move(content);
  node.synced_at = stdfs::file_time_type::clock::now();
  node.dirty = false;
}

// Brings the model up to date with what happened to clean files and unknown names behind its back, and, when data survives, with
// what was written.
void DurableTree::notice_changes(Node& directory, const stdfs::path& path, Loss loss) {
  for (const auto& entry : stdfs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (!directory.current.contains(name)) directory.current[name] = directory.durable[name] = scan(entry.path());
  }
  for (auto it = directory.current.begin(); it != directory.current.end();) {
    Node& node = *it->second;
    const stdfs::path where = path / it->first;
    if (!stdfs::exists(stdfs::symlink_status(where))) {
      directory.durable.erase(it->first);
      it = directory.current.erase(it);
      continue;
    }
    if (node.directory) {
      notice_changes(node, where, loss);
    } else if ((!node.dirty || loss == Loss::names) && stdfs::is_regular_file(where)) {
      node.synced = content_of(where);
      node.synced_at = stdfs::last_write_time(where);
    }
    ++it;
  }
}

void DurableTree::rebuild(const Node& directory, const stdfs::path& path, Loss loss) {
  for (const auto& [name, node] : loss == Loss::data ? directory.current : directory.durable) {
    if (node->directory) {
      stdfs::create_directory(path / name);
      stdfs::permissions(path / name, stdfs::perms::owner_all);
      rebuild(*node, path / name, loss);
    } else {
      write_file(path / name, node->synced, node->synced_at);
    }
  }
}

void DurableTree::drop_unsynced(Loss loss) {
  notice_changes(*root_, root_path_, loss);
  for (const auto& entry : stdfs::directory_iterator(root_path_)) stdfs::remove_all(entry.path());
  rebuild(*root_, root_path_, loss);
  root_ = scan(root_path_);
}

}  // namespace berth::test
