// What of a directory tree would survive a power loss: the model behind FaultFileSystem.
//
// The model is the pessimistic reading of POSIX, so that a program which is right here is right on every file system:
//  - The bytes of a file are durable as they were at its last sync_data(); a file that was never synced is durable with no bytes.
//  - A name (create, link, rename, remove, make_directory) is durable when the directory that holds it was synced afterwards. The
//    sync of a file makes no name durable, and the sync of a directory makes the names in it durable but not its own name in its
//    parent.
//  - A rename between two directories is two changes, each durable with its own directory: with the target alone synced both
//    names survive, with the source alone synced none does.
//  - After a failed sync_data() the unsynced bytes of that file never become durable, whatever later syncs say: that is what
//    kernels do.
//  - What was there before, and what a test changes behind the model's back, counts as durable.
//
// Layout: a tree of nodes; each directory node has two maps of names, as they are now and as they are durable. Not thread-safe:
// its owner locks. Paths outside the root are not followed. Whole contents are kept in memory: for tests with small files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace berth::test {

// What a power loss takes away. The two halves find different bugs: with names kept and data lost, a rename whose file was not
// synced first leaves an empty file under its final name.
enum class Loss : std::uint8_t { data_and_names, data, names };

class DurableTree {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePtr>;

  struct Node {
    bool directory = false;
    // Files: the durable bytes, whether there are others, and whether a sync has failed.
    std::string synced;
    std::filesystem::file_time_type synced_at;
    bool dirty = false;
    bool sync_failed = false;
    // Directories.
    Names current;
    Names durable;
  };

  // Takes everything below `root` as durable.
  explicit DurableTree(const std::string& root);

  // The node that has this name now; nullptr when there is none or it is outside the root.
  NodePtr find(const std::string& path);
  // Each of the following is told after the real call has succeeded.
  NodePtr file_created(const std::string& path);
  void directory_made(const std::string& path);
  void linked(const NodePtr& node, const std::string& path);
  void renamed(const std::string& from, const std::string& to);
  void removed(const std::string& path);
  void directory_synced(const std::string& path);
  static void file_synced(Node& node, std::string content);

  // Rewrites the real tree to what was durable, which becomes the new state of the model.
  void drop_unsynced(Loss loss);

 private:
  // The directory that holds the last component of `path`, and that component; no directory when it is outside the root.
  struct Place {
    NodePtr directory;
    std::string name;
  };
  Place place_of(const std::string& path);
  NodePtr child(const NodePtr& directory, const std::string& name, const std::filesystem::path& path);
  void name(const std::string& path, const NodePtr& node);
  static NodePtr scan(const std::filesystem::path& path);
  static void notice_changes(Node& directory, const std::filesystem::path& path, Loss loss);
  static void rebuild(const Node& directory, const std::filesystem::path& path, Loss loss);

  std::filesystem::path root_path_;
  NodePtr root_;
};

}  // namespace berth::test
