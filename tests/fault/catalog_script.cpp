#include "fault/catalog_script.h"

namespace berth::test {

using base::Result;
using catalog::Catalog;

namespace {

std::string key(std::string_view kind, std::string_view name, std::string_view what) {
  return std::string(kind) + ":" + std::string(name) + ":" + std::string(what);
}

}  // namespace

void CatalogScript::run(Catalog& catalog) {
  const std::string run = std::to_string(runs_++);
  for (const std::string name : {"team/a", "team/b"}) {
    link(catalog, name, "config" + run);
    link(catalog, name, "layer" + run);
  }
  const Content one = image("one" + run, config("config" + run), {layer("layer" + run)});
  const Content two = image("two" + run, config("config" + run));
  const Content parent = index("parent" + run, {descriptor_of(one), descriptor_of(two)});
  put(catalog, "team/a", one, {"latest", "v1"});
  put(catalog, "team/a", two, {"latest"});
  put(catalog, "team/a", parent, {"both"});
  put(catalog, "team/a", referrer("signature" + run, one.digest, "application/x"), {});
  link(catalog, "team/c", "base" + run);
  mount(catalog, "team/d", "team/c", "base" + run);
  unlink(catalog, "team/c", "base" + run);
  put(catalog, "team/b", two, {"old", "older"});
  untag(catalog, "team/a", "v1");
  remove(catalog, "team/b", two, {"old", "older"});
  // Large enough for several pages of overflow, so that its writes are many.
  Content large = image("large" + run, config("config" + run));
  large.bytes.append(30'000, 'x');
  large.digest = sha256_of(large.bytes);
  put(catalog, "team/a", large, {"large"});
}

void CatalogScript::learn(const Result<void>& outcome, const Changes& changes) {
  if (outcome) {
    ++acknowledged_;
  } else {
    errors_.insert(outcome.error().code());
  }
  for (const auto& [name, value] : changes) {
    Accepted& accepted = accepted_.try_emplace(name, Accepted{std::nullopt}).first->second;
    if (outcome) accepted.clear();
    accepted.insert(value);
  }
}

void CatalogScript::link(Catalog& catalog, const std::string& name, const std::string& blob) {
  learn(catalog.link_blob(repository(name), sha256_of(blob), blob.size(), {"tester"}),
        {{key("blob", name, sha256_of(blob).text()), std::to_string(blob.size())}});
}

void CatalogScript::unlink(Catalog& catalog, const std::string& name, const std::string& blob) {
  learn(catalog.unlink_blob(repository(name), sha256_of(blob), {"tester"}),
        {{key("blob", name, sha256_of(blob).text()), std::nullopt}});
}

void CatalogScript::mount(Catalog& catalog, const std::string& to, const std::string& from, const std::string& blob) {
  const auto mounted = catalog.mount_blob(repository(to), repository(from), sha256_of(blob), {"tester"});
  if (mounted && !*mounted) return;  // an earlier step had failed
  learn(mounted.map([](const auto&) {}), {{key("blob", to, sha256_of(blob).text()), std::to_string(blob.size())}});
}

void CatalogScript::put(Catalog& catalog, const std::string& name, const Content& content, const std::vector<std::string>& tags) {
  Changes changes = {{key("manifest", name, content.digest.text()), content.digest.text()}};
  std::vector<oci::Tag> parsed;
  for (const auto& t : tags) {
    parsed.push_back(tag(t));
    changes[key("tag", name, t)] = content.digest.text();
  }
  bytes_[content.digest.text()] = content.bytes;
  learn(catalog.put_manifest(put_of(repository(name), content, parsed)), changes);
}

void CatalogScript::untag(Catalog& catalog, const std::string& name, const std::string& tag_name) {
  learn(catalog.delete_tag(repository(name), tag(tag_name), {}, {"script"}), {{key("tag", name, tag_name), std::nullopt}});
}

void CatalogScript::remove(Catalog& catalog, const std::string& name, const Content& content,
                           const std::vector<std::string>& its_tags) {
  Changes changes = {{key("manifest", name, content.digest.text()), std::nullopt}};
  for (const auto& t : its_tags) changes[key("tag", name, t)] = std::nullopt;
  learn(catalog.delete_manifest(repository(name), content.digest, {"script"}), changes);
}

std::vector<std::string> CatalogScript::differences(Catalog& catalog) const {
  std::vector<std::string> wrong;
  for (const auto& [name, accepted] : accepted_) {
    const std::string kind = name.substr(0, name.find(':'));
    const std::string rest = name.substr(kind.size() + 1);
    const auto in = repository(rest.substr(0, rest.find(':')));
    const std::string what = rest.substr(rest.find(':') + 1);
    std::optional<std::string> found;
    if (kind == "blob") {
      const auto size = catalog.find_blob(in, oci::Digest::parse(what).value());
      if (!size) {
        wrong.push_back(name + ": " + size.error().message());
        continue;
      }
      if (*size) found = std::to_string(**size);
    } else {
      const auto manifest = catalog.find_manifest(in, oci::parse_reference(what).value());
      if (!manifest) {
        wrong.push_back(name + ": " + manifest.error().message());
        continue;
      }
      if (*manifest) {
        found = (*manifest)->digest.text();
        if (bytes_.at(*found) != (*manifest)->bytes) wrong.push_back(name + ": other bytes");
      }
    }
    if (!accepted.contains(found)) wrong.push_back(name + ": is " + found.value_or("absent"));
  }
  return wrong;
}

}  // namespace berth::test
