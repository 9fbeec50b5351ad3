// Every route of the OCI face.
#include "api/oci/face.h"
#include "api/oci/handlers.h"
#include "berth/oci/manifest.h"
#include "berth/oci/media_type.h"

namespace berth::api {

namespace {

using enum base::ErrorCode;
using auth::Action;
using http::Method;
using Where = Parameter::Where;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kBytes = "application/octet-stream";

const Parameter kPageSize{"n", Where::query, "whole number", "At most so many entries; 1000 when missing or larger."};
const Parameter kPageLast{"last", Where::query, "text", "Only entries after this one in byte order."};
const Parameter kIfNoneMatchRead{"If-None-Match", Where::header, "\"<digest>\"",
                                 "Answers 304 when the content still has this digest."};
const Parameter kIfMatch{"If-Match", Where::header, "* or \"<digest>\", …",
                         "Only if the tag exists, or is on one of these digests, in the moment of writing."};
const Parameter kIfNoneMatch{"If-None-Match", Where::header, "* or \"<digest>\", …",
                             "Only if the tag does not exist, or is on none of these digests, in the moment of writing."};
const Parameter kContentRange{"Content-Range", Where::header, "<first>-<last>",
                              "Where this chunk stands in the blob; it must begin where the upload ends."};
const Parameter kClosingDigest{"digest", Where::query, "<algorithm>:<hex>", "Digest of the whole blob."};

const std::vector<Route>& oci_routes() {
  namespace h = oci_handlers;
  static const std::vector<Route> kRoutes = {
      {
          .name = "oci.base",
          .spec = "distribution-spec end-1",
          .methods = {Method::get, Method::head},
          .path = "/v2/",
          .access = Access::known(),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .replies = {{200, kJson, "The registry speaks the distribution API.", "Docker-Distribution-API-Version"}},
          .summary = "Is this a registry",
          .handler = h::get_base,
      },
      {
          .name = "oci.base.bare",
          .spec = "distribution-spec end-1",
          .methods = {Method::get, Method::head},
          .path = "/v2",
          .access = Access::known(),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .replies = {{200, kJson, "As /v2/.", "Docker-Distribution-API-Version"}},
          .summary = "Is this a registry",
          .handler = h::get_base,
      },
      {
          .name = "oci.catalog.list",
          .spec = "Docker registry API _catalog",
          .methods = {Method::get, Method::head},
          .path = "/v2/_catalog",
          .access = Access::registry(Action::registry_list),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .parameters = {kPageSize, kPageLast},
          .replies = {{200, kJson, "Names of repositories in byte order.", "Link"}},
          .errors = {pagination_invalid, parameter_invalid},
          .summary = "List repositories",
          .handler = h::list_repositories,
      },
      {
          .name = "oci.blob.get",
          .spec = "distribution-spec end-2",
          .methods = {Method::get, Method::head},
          .path = "/v2/{name}/blobs/{digest}",
          .access = Access::repository(Action::registry_pull),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .parameters = {{"Range", Where::header, "bytes=<first>-<last>",
                          "One range of bytes; several are answered with the whole."},
                         {"If-Range", Where::header, "\"<digest>\"", "The range only if the blob has this digest."},
                         kIfNoneMatchRead},
          .replies = {{200, kBytes, "The blob.", "Docker-Content-Digest, ETag, Accept-Ranges, Content-Length"},
                      {206, kBytes, "The range.", "Content-Range, Docker-Content-Digest, ETag, Content-Length"},
                      {304, "", "Unchanged.", "ETag"}},
          .errors = {name_invalid, name_reserved, digest_invalid, digest_unsupported, blob_unknown, range_invalid, corrupt},
          .summary = "Pull a blob or a part of it",
          .handler = h::get_blob,
      },
      {
          .name = "oci.blob.delete",
          .spec = "distribution-spec end-10",
          .methods = {Method::delete_},
          .path = "/v2/{name}/blobs/{digest}",
          .access = Access::repository(Action::registry_delete),
          .body = BodyRule::none(),
          .replies = {{202, "", "The repository no longer holds it.", ""}},
          .errors = {name_invalid, name_reserved, digest_invalid, digest_unsupported, blob_unknown, blob_referenced},
          .summary = "Take a blob out of a repository",
          .handler = h::delete_blob,
      },
      {
          .name = "oci.upload.post",
          .spec = "distribution-spec end-4a, end-4b, end-4c, end-11",
          .methods = {Method::post},
          .path = "/v2/{name}/blobs/uploads/",
          .access = Access::repository(Action::registry_push).also_pull_if("from"),
          .body = BodyRule::streamed(),
          .parameters = {{"digest", Where::query, "<algorithm>:<hex>", "The body is the whole blob with this digest."},
                         {"mount", Where::query, "<algorithm>:<hex>", "Take this blob over from another repository."},
                         {"from", Where::query, "repository name",
                          "The repository to mount from; any that may be pulled when missing."},
                         {"digest-algorithm", Where::query, "sha256 or sha512",
                          "Algorithm of the digest that will close the upload."}},
          .replies = {{201, "", "The blob is here (single POST, or mounted).", "Location, Docker-Content-Digest"},
                      {202, "", "An upload has begun.", "Location, Range, Docker-Upload-UUID"}},
          .errors = {name_invalid, name_reserved, digest_invalid, digest_unsupported, digest_mismatch, parameter_invalid,
                     storage_full},
          .summary = "Begin an upload, push a blob whole, or mount one",
          .handler = h::post_upload,
      },
      {
          .name = "oci.upload.post.bare",
          .spec = "distribution-spec end-4a",
          .methods = {Method::post},
          .path = "/v2/{name}/blobs/uploads",
          .access = Access::repository(Action::registry_push).also_pull_if("from"),
          .body = BodyRule::streamed(),
          .replies = {{201, "", "As with the slash.", "Location, Docker-Content-Digest"},
                      {202, "", "As with the slash.", "Location, Range, Docker-Upload-UUID"}},
          .errors = {name_invalid, name_reserved, digest_invalid, digest_unsupported, digest_mismatch, parameter_invalid,
                     storage_full},
          .summary = "As with the slash at the end",
          .handler = h::post_upload,
      },
      {
          .name = "oci.upload.patch",
          .spec = "distribution-spec end-5",
          .methods = {Method::patch},
          .path = "/v2/{name}/blobs/uploads/{upload}",
          .access = Access::repository(Action::registry_push).with_expired_token(),
          .body = BodyRule::streamed(),
          .parameters = {kContentRange},
          .replies = {{202, "", "The bytes were taken.", "Location, Range, Docker-Upload-UUID"}},
          .errors = {name_invalid, name_reserved, upload_unknown, upload_busy, range_invalid, size_invalid, storage_full},
          .summary = "Send the next bytes of an upload",
          .handler = h::patch_upload,
      },
      {
          .name = "oci.upload.put",
          .spec = "distribution-spec end-6",
          .methods = {Method::put},
          .path = "/v2/{name}/blobs/uploads/{upload}",
          .access = Access::repository(Action::registry_push).with_expired_token(),
          .body = BodyRule::streamed(),
          .parameters = {kClosingDigest, kContentRange},
          .replies = {{201, "", "The blob is here, durably.", "Location, Docker-Content-Digest"}},
          .errors = {name_invalid, name_reserved, upload_unknown, upload_busy, range_invalid, size_invalid, digest_invalid,
                     digest_unsupported, digest_mismatch, parameter_invalid, storage_full},
          .summary = "Send the last bytes, if any, and close the upload",
          .handler = h::put_upload,
      },
      {
          .name = "oci.upload.get",
          .spec = "distribution-spec end-13",
          .methods = {Method::get},
          .path = "/v2/{name}/blobs/uploads/{upload}",
          .access = Access::repository(Action::registry_push).with_expired_token(),
          .body = BodyRule::none(),
          .replies = {{204, "", "How far the upload is.", "Location, Range, Docker-Upload-UUID"}},
          .errors = {name_invalid, name_reserved, upload_unknown},
          .summary = "Ask how far an upload is",
          .handler = h::get_upload,
      },
      {
          .name = "oci.upload.delete",
          .spec = "distribution-spec end-14",
          .methods = {Method::delete_},
          .path = "/v2/{name}/blobs/uploads/{upload}",
          .access = Access::repository(Action::registry_push).with_expired_token(),
          .body = BodyRule::none(),
          .replies = {{204, "", "The upload and its bytes are gone.", ""}},
          .errors = {name_invalid, name_reserved, upload_unknown, upload_busy},
          .summary = "Give an upload up",
          .handler = h::delete_upload,
      },
      {
          .name = "oci.manifest.get",
          .spec = "distribution-spec end-3",
          .methods = {Method::get, Method::head},
          .path = "/v2/{name}/manifests/{reference}",
          .access = Access::repository(Action::registry_pull),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .pull = Pull::of_manifest,
          .parameters = {kIfNoneMatchRead},
          .replies = {{200, "as pushed", "The bytes that were pushed.",
                       "Content-Type, Docker-Content-Digest, ETag, Content-Length"},
                      {304, "", "Unchanged.", "ETag"}},
          .errors = {name_invalid, name_reserved, tag_invalid, digest_invalid, digest_unsupported, manifest_unknown, corrupt},
          .summary = "Pull a manifest by tag or digest",
          .handler = h::get_manifest,
      },
      {
          .name = "oci.manifest.put",
          .spec = "distribution-spec end-7a, end-7b",
          .methods = {Method::put},
          .path = "/v2/{name}/manifests/{reference}",
          .access = Access::repository(Action::registry_push),
          .body = BodyRule::buffered(oci::kMaxManifestBytes, manifest_too_large),
          .parameters = {{"tag", Where::query, "tag, repeatable", "With a digest in the path: tags to set to it, at most 100."},
                         kIfMatch,
                         kIfNoneMatch},
          .replies = {{201, "", "The manifest is here and its tags are set, durably.",
                       "Location, Docker-Content-Digest, OCI-Subject, OCI-Tag"}},
          .errors = {name_invalid, name_reserved, tag_invalid, digest_invalid, digest_unsupported, digest_mismatch,
                     manifest_invalid, manifest_too_large, schema1_unsupported, media_type_mismatch, manifest_blob_unknown,
                     precondition_failed, tag_immutable, parameter_invalid, storage_full},
          .summary = "Push a manifest by tag or digest",
          .handler = h::put_manifest,
      },
      {
          .name = "oci.manifest.delete",
          .spec = "distribution-spec end-9",
          .methods = {Method::delete_},
          .path = "/v2/{name}/manifests/{reference}",
          .access = Access::repository(Action::registry_delete),
          .body = BodyRule::none(),
          .parameters = {kIfMatch, kIfNoneMatch},
          .replies = {{202, "", "The tag, or the manifest and every tag on it, is gone.", ""}},
          .errors = {name_invalid, name_reserved, tag_invalid, digest_invalid, digest_unsupported, manifest_unknown,
                     precondition_failed, tag_immutable, parameter_invalid},
          .summary = "Delete a tag, or a manifest by digest",
          .handler = h::delete_manifest,
      },
      {
          .name = "oci.tags.list",
          .spec = "distribution-spec end-8a, end-8b",
          .methods = {Method::get, Method::head},
          .path = "/v2/{name}/tags/list",
          .access = Access::repository(Action::registry_pull),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .parameters = {kPageSize, kPageLast},
          .replies = {{200, kJson, "Tags in byte order.", "Link"}},
          .errors = {name_invalid, name_reserved, repository_unknown, pagination_invalid, parameter_invalid},
          .summary = "List tags",
          .handler = h::list_tags,
      },
      {
          .name = "oci.referrers.list",
          .spec = "distribution-spec end-12a, end-12b",
          .methods = {Method::get, Method::head},
          .path = "/v2/{name}/referrers/{digest}",
          .access = Access::repository(Action::registry_pull),
          .body = BodyRule::none(),
          .recall = Recall::until_write,
          .parameters = {{"artifactType", Where::query, "media type", "Only referrers of this type."}, kPageSize, kPageLast},
          .replies = {{200, oci::media_types::kImageIndex, "Manifests whose subject is this digest.",
                       "Link, OCI-Filters-Applied"}},
          .errors = {name_invalid, name_reserved, digest_invalid, digest_unsupported, pagination_invalid, parameter_invalid},
          .summary = "List what refers to a manifest",
          .handler = h::list_referrers,
      },
  };
  return kRoutes;
}

}  // namespace

Face oci_face() { return {"oci", oci_routes(), render_oci_error}; }

}  // namespace berth::api
