// Input: one byte of choices, two bytes (little-endian) with the length of the session file, the session file, the data file.
//
// Whatever lies in an upload's folder, it is resumed or refused, and a commit that succeeds has made a blob whose bytes have its
// digest. (A checkpoint forged with a right CRC and the state of other bytes would be believed: a CRC is for accidents, and the
// files are the daemon's own.)
#include <filesystem>
#include <fstream>

#include "berth/store/local_blob_store.h"
#include "fuzz/fuzz.h"
#include "store/session_file.h"
#include "support/temporary_directory.h"

namespace {

namespace stdfs = std::filesystem;
using namespace berth;
using fuzz::expect;

void write(const stdfs::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

struct Input {
  unsigned choices = 0;
  std::string_view session;
  std::string_view data;
};

Input cut(std::string_view bytes) {
  if (bytes.size() < 3) return {};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const std::size_t session_bytes = byte(1) + 256U * byte(2);
  const std::string_view rest = bytes.substr(3);
  return {byte(0), rest.substr(0, session_bytes), rest.substr(std::min(session_bytes, rest.size()))};
}

void check_parse(std::string_view file) {
  const auto session = store::parse_session(file);
  if (!session) return;
  expect(session->checkpoint_position <= file.size(), "a checkpoint belongs behind the header");
  const std::string header(file.substr(0, session->checkpoint_position));
  const auto again = store::parse_session(store::encode_session_header(session->header));
  expect(again && again->header == session->header, "a header survives writing and reading");
  if (!session->checkpoint) return;
  const auto both = store::parse_session(header + store::encode_checkpoint(*session->checkpoint, session->header.upload));
  expect(both && both->checkpoint == session->checkpoint, "a checkpoint survives writing and reading");
}

std::string content_of(const store::BlobStore& store, const store::BlobInfo& blob) {
  const auto reader = store.open(blob.digest, blob.size);
  expect(reader.has_value(), "a committed blob can be read");
  std::string bytes(blob.size, '\0');
  expect(reader->file->read(std::as_writable_bytes(std::span(bytes)), 0).value_or(0) == blob.size, "a blob has its length");
  return bytes;
}

void check_resume(store::BlobStore& store, const store::UploadId& id, const Input& input) {
  const auto status = store.get_upload(id);
  auto upload = store.resume_upload(id);
  expect(status.has_value() == upload.has_value(), "what can be looked at can be resumed");
  if (!upload) {
    expect(upload.error().code() == base::ErrorCode::upload_unknown, "a session that is not ours is unknown");
    return;
  }
  expect((*upload)->offset() == input.data.size(), "the offset is the length of the data");
  std::string bytes(input.data);
  if ((input.choices & 1U) != 0) {
    bytes += "and more";
    expect((*upload)->append(base::as_bytes("and more")).has_value(), "a resumed upload takes bytes");
  }
  const auto algorithm = (input.choices & 2U) != 0 ? base::HashAlgorithm::sha512 : base::HashAlgorithm::sha256;
  const bool honest = (input.choices & 4U) == 0;
  const auto expected = oci::Digest::of_bytes(algorithm, base::as_bytes(honest ? std::string_view(bytes) : "something else"));
  const auto info = (*upload)->commit(expected);
  if (!info) expect(info.error().code() == base::ErrorCode::digest_mismatch, "only a wrong digest stops a commit");
  if (info) {
    expect(honest || bytes == "something else", "a wrong digest is never accepted");
    expect(content_of(store, *info) == bytes, "a blob is what was uploaded");
  }
  expect(store.get_upload(id).error().code() == base::ErrorCode::upload_unknown, "a commit ends the session");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::TemporaryDirectory directory;
  static const base::SystemClock clock;
  static const auto store = store::open_local_blob_store({.directory = directory.path()}, base::real_file_system(), clock);
  expect(store.has_value(), "the store opens");

  const Input input = cut(fuzz::as_text(data, size));
  check_parse(input.session);
  const auto id = *store::UploadId::parse("0123456789abcdef0123456789abcdef");  // the one that the corpus has in its headers
  const stdfs::path folder = directory.path() + "/uploads/" + id.text();
  stdfs::create_directory(folder);
  write(folder / "session", input.session);
  write(folder / "data", input.data);
  check_resume(**store, id, input);

  stdfs::remove_all(folder);
  std::vector<oci::Digest> blobs;
  expect((*store)->for_each([&](const store::BlobInfo& blob) { return blobs.push_back(blob.digest), true; }).has_value(),
         "blobs are listed");
  for (const auto& blob : blobs) expect((*store)->remove(blob).value_or(false), "a blob is removed");
  return 0;
}
