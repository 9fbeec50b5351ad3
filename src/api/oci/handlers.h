// Handlers of the OCI face: decode, call one service, encode. No rule of the domain lives here.
#pragma once

#include "api/call.h"

namespace berth::api::oci_handlers {

base::Result<Answer> get_base(const Services& services, Call& call);

base::Result<Answer> get_blob(const Services& services, Call& call);
base::Result<Answer> delete_blob(const Services& services, Call& call);

base::Result<Answer> post_upload(const Services& services, Call& call);
base::Result<Answer> patch_upload(const Services& services, Call& call);
base::Result<Answer> put_upload(const Services& services, Call& call);
base::Result<Answer> get_upload(const Services& services, Call& call);
base::Result<Answer> delete_upload(const Services& services, Call& call);

base::Result<Answer> get_manifest(const Services& services, Call& call);
base::Result<Answer> put_manifest(const Services& services, Call& call);
base::Result<Answer> delete_manifest(const Services& services, Call& call);

base::Result<Answer> list_tags(const Services& services, Call& call);
base::Result<Answer> list_repositories(const Services& services, Call& call);
base::Result<Answer> list_referrers(const Services& services, Call& call);

}  // namespace berth::api::oci_handlers
