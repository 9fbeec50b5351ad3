#include "berth/app/daemon.h"

#include <thread>

#include "app/access.h"
#include "app/admin_door.h"
#include "app/audit_options.h"
#include "app/certificate.h"
#include "app/collector_options.h"
#include "app/data_directory.h"
#include "app/listen.h"
#include "berth/api/application.h"
#include "berth/base/fs.h"
#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "berth/base/workers.h"
#include "berth/catalog/sqlite_catalog.h"
#include "berth/http/server.h"
#include "berth/service/integrity.h"
#include "berth/service/jobs.h"
#include "berth/store/local_blob_store.h"

namespace berth::app {

namespace {

constexpr std::chrono::milliseconds kOperationsDrain{1'000};

http::ServerOptions server_options(const Settings& settings) {
  http::ServerOptions options;
  const auto threads = settings.number(Setting::loop_threads);
  options.loop_threads = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  options.limits.handshake_timeout = settings.duration(Setting::handshake_timeout);
  options.limits.refusal_delay = settings.duration(Setting::refusal_delay);
  options.limits.header_timeout = settings.duration(Setting::header_timeout);
  options.limits.idle_timeout = settings.duration(Setting::idle_timeout);
  options.limits.write_stall_timeout = settings.duration(Setting::write_stall_timeout);
  options.limits.body_window = settings.duration(Setting::body_window);
  options.limits.body_min_bytes = settings.number(Setting::body_min_bytes);
  options.limits.http2.streams = static_cast<std::uint32_t>(settings.number(Setting::http2_streams));
  options.limits.http2.stream_window = static_cast<std::uint32_t>(settings.number(Setting::http2_upload_window));
  options.limits.http2.windows_total = settings.number(Setting::http2_windows_total);
  options.limits.connections = settings.number(Setting::connections);
  options.limits.connections_per_address = settings.number(Setting::connections_per_address);
  return options;
}

// A HEAD of a blob is a promise for a lease, which is renewed when a twenty-fourth of it is over (HOUSE.md, Durability): an answer that is
// given again renews nothing, so it lives no longer than that.
api::RecallOptions recall_options(const Settings& settings) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  return {settings.number(Setting::recall_memory), std::min(kLongest, settings.duration(Setting::lease) / 24)};
}

api::CallerLimitOptions caller_limits(const Settings& settings) {
  return {settings.number(Setting::requests_per_address), settings.number(Setting::requests_per_principal),
          settings.number(Setting::transfers_per_address), settings.number(Setting::transfers_per_principal)};
}

// Members in the order in which they are built; destroyed in the reverse order.
class RunningDaemon final : public Daemon {
 public:
  explicit RunningDaemon(const Settings& settings) : settings_(settings) {}

  static base::Result<std::unique_ptr<Daemon>> start(const Settings& settings) {
    auto daemon = std::make_unique<RunningDaemon>(settings);
    BERTH_TRY(daemon->plan_, plan_listeners(settings));
    BERTH_CHECK_OK(daemon->open_data(settings));
    BERTH_CHECK_OK(daemon->open_certificate(settings));
    daemon->build_services(settings);
    BERTH_CHECK_OK(service::Integrity(*daemon->store_, *daemon->catalog_, *daemon->health_).refresh());
    BERTH_CHECK_OK(daemon->serve(settings));
    BERTH_TRY(daemon->first_administrator_, daemon->access_->first_start(daemon->urls().front() + daemon->plan_.prefix()));
    daemon->open_admin_door();
    return std::unique_ptr<Daemon>(std::move(daemon));
  }

  ~RunningDaemon() override { stop(); }

  [[nodiscard]] std::vector<std::string> urls() const override {
    std::vector<std::string> urls;
    for (const auto* server : {server_.get(), operations_server_.get()}) {
      if (server == nullptr) continue;
      for (const auto& e : server->endpoints()) urls.push_back(url_of(e.tls ? Scheme::https : Scheme::http, e.host, e.port));
    }
    return urls;
  }

  [[nodiscard]] const std::optional<std::string>& first_administrator() const override { return first_administrator_; }

  void reload() override {
    if (!certificate_) return base::log::info("nothing to reload: no certificate");
    const auto done = certificate_->reload();
    if (done) return;
    base::log::error("the certificate was not reloaded; the old one stays",
                     {{"what", done.error().message()}, {"context", done.error().context()}});
  }

  bool stop() override {
    bool clean = true;
    if (health_) health_->set_draining();
    if (server_) {
      server_->stop_accepting();
      clean = server_->drain(drain_timeout_);
    }
    // Last, so that probes see the draining.
    if (operations_server_) clean = operations_server_->drain(kOperationsDrain) && clean;
    admin_door_.reset();
    jobs_.reset();
    audit_jobs_.reset();
    if (workers_) workers_->stop();
    if (pull_counter_ && write_gate_->check()) {
      if (auto done = pull_counter_->flush(); !done) base::log::warning("the last counts of pulls are lost", {});
    }
    if (audit_) {
      if (auto done = audit_->close(); !done) base::log::warning("the last lines of the audit log are lost", {});
    }
    operations_server_.reset();
    server_.reset();
    return clean;
  }

 private:
  base::Result<void> open_data(const Settings& settings) {
    const auto& directory = settings.text(Setting::data);
    auto& fs = base::real_file_system();
    BERTH_TRY(lock_, lock_data(fs, directory));
    BERTH_CHECK_OK(refuse_half_restored(fs, directory));
    BERTH_TRY(store_, store::open_local_blob_store({.directory = directory}, fs, clock_));
    BERTH_TRY(catalog_, open_catalog(settings, clock_));
    audit_ = std::make_unique<service::Audit>(audit_options(settings), *catalog_, fs, clock_);
    BERTH_CHECK_OK(audit_->start());
    BERTH_TRY(access_, AccessBox::open(settings, *catalog_, *audit_, clock_));
    return {};
  }

  void build_services(const Settings& settings) {
    health_ = std::make_unique<service::Health>();
    write_gate_ = std::make_unique<service::WriteGate>(
        settings.boolean(Setting::read_only) ? service::WriteGate::Setting::read_only : service::WriteGate::Setting::read_write,
        *catalog_);
    reserve_ = std::make_unique<service::DiskReserve>(
        service::DiskReserveOptions{settings.number(Setting::disk_reserve), settings.number(Setting::disk_reserve_percent)},
        *store_, clock_, *health_);
    blob_push_ = std::make_unique<service::BlobPush>(*store_, *catalog_, *reserve_, *health_);
    manifest_push_ = std::make_unique<service::ManifestPush>(
        *catalog_, *reserve_, *health_,
        settings.boolean(Setting::sparse_indexes) ? service::SparseIndexes::accepted : service::SparseIndexes::refused);
    blob_pull_ = std::make_unique<service::BlobPull>(*store_, *catalog_, *health_);
    pull_counter_ = std::make_unique<service::PullCounter>(catalog_->usage(), clock_);
    manifest_pull_ = std::make_unique<service::ManifestPull>(*catalog_, pull_counter_.get());
    listing_ = std::make_unique<service::Listing>(*catalog_);
    freshness_ = std::make_unique<service::Freshness>(*catalog_);
    catalog_probe_ = std::make_unique<service::CatalogProbe>(*catalog_, *health_);
    undo_ = std::make_unique<service::Undo>(catalog_->history(), catalog_->usage());
    retention_ = std::make_unique<service::RetentionService>(*catalog_, clock_);
    collector_ = std::make_unique<service::Collector>(collector_options(settings), *store_, *catalog_, clock_);
  }

  base::Result<void> open_certificate(const Settings& settings) {
    if (!plan_.speaks_tls()) return {};
    auto& fs = base::real_file_system();
    auto source = plan_.certificate == CertificateSource::files
                      ? certificate_files(fs, settings.text(Setting::tls_cert), settings.text(Setting::tls_key))
                      : self_signed(fs, settings.text(Setting::data), plan_.certificate_names(), clock_);
    BERTH_TRY(certificate_, Certificate::open(std::move(source), http::alpn_protocols(), clock_));
    return {};
  }

  [[nodiscard]] http::Endpoint endpoint_of(const ListenAddress& address) const {
    if (address.scheme == Scheme::http) return {address.host, address.port, nullptr};
    return {address.host, address.port, [certificate = certificate_.get()] { return certificate->context(); }};
  }

  base::Result<void> start_servers(const Settings& settings, const api::Services& services) {
    auto options = server_options(settings);
    options.trusted_proxies = plan_.trusted_proxies;
    for (const auto& address : plan_.listeners) options.listen.push_back(endpoint_of(address));
    const auto surface = plan_.operations ? api::Surface::without_operations : api::Surface::all;
    application_ = api::make_application(services, recall_options(settings), caller_limits(settings), surface);
    BERTH_TRY(server_, http::start_server(options, *application_, *workers_, clock_));
    if (!plan_.operations) return {};
    options.listen = {endpoint_of(*plan_.operations)};
    options.loop_threads = 1;
    operations_ = api::make_application(services, recall_options(settings), {}, api::Surface::operations);
    BERTH_TRY(operations_server_, http::start_server(options, *operations_, *workers_, clock_));
    return {};
  }

  base::Result<void> serve(const Settings& settings) {
    drain_timeout_ = settings.duration(Setting::drain_timeout);
    workers_ = std::make_unique<base::Workers>(settings.number(Setting::worker_threads), settings.number(Setting::worker_queue));
    BERTH_CHECK_OK(start_servers(settings, {.blob_push = *blob_push_,
                                            .manifest_push = *manifest_push_,
                                            .blob_pull = *blob_pull_,
                                            .manifest_pull = *manifest_pull_,
                                            .listing = *listing_,
                                            .undo = *undo_,
                                            .retention = *retention_,
                                            .collector = *collector_,
                                            .health = *health_,
                                            .catalog_probe = *catalog_probe_,
                                            .write_gate = *write_gate_,
                                            .freshness = *freshness_,
                                            .policy = access_->policy(),
                                            .audit = *audit_,
                                            .accounts = access_->accounts(),
                                            .invitations = access_->invitations(),
                                            .sessions = access_->sessions(),
                                            .links = plan_.links()}));
    std::vector<std::unique_ptr<service::Job>> jobs;
    jobs.push_back(service::make_upload_expiry(*store_, clock_, seconds_of(settings, Setting::upload_lifetime)));
    jobs.push_back(service::make_disk_watch(*reserve_));
    jobs.push_back(service::make_scrub(*store_, *catalog_, *health_, clock_,
                                       {settings.number(Setting::scrub_rate), seconds_of(settings, Setting::scrub_interval)}));
    jobs.push_back(service::make_audit_upkeep(*audit_));
    access_->add_jobs(jobs);
    for (auto& job : upkeep_jobs(settings)) jobs.push_back(service::make_gated(*write_gate_, std::move(job)));
    if (certificate_) jobs.push_back(make_renewal(*certificate_));
    jobs_ = std::make_unique<service::JobRunner>(std::move(jobs));
    // On a thread of its own: a second late means a second, whatever the others are at.
    std::vector<std::unique_ptr<service::Job>> audit;
    audit.push_back(service::make_audit_flush(*audit_));
    audit_jobs_ = std::make_unique<service::JobRunner>(std::move(audit));
    return {};
  }

  // Serving goes on without it: `berth admin` then wants the daemon stopped.
  void open_admin_door() {
    auto door = app::open_admin_door({.settings = settings_,
                                      .catalog = *catalog_,
                                      .accounts = access_->accounts_on_machine(),
                                      .audit = *audit_,
                                      .clock = clock_,
                                      .by = {.principal = "daemon"},
                                      .collector = collector_.get(),
                                      .gate = write_gate_.get()});
    if (door) {
      admin_door_ = std::move(*door);
      return;
    }
    base::log::warning("berth admin cannot reach this daemon",
                       {{"why", door.error().message()}, {"context", door.error().context()}});
  }

  // Those that change rows that clients see, or take bytes away.
  std::vector<std::unique_ptr<service::Job>> upkeep_jobs(const Settings& settings) {
    std::vector<std::unique_ptr<service::Job>> jobs;
    jobs.push_back(service::make_pull_count_flush(*pull_counter_));
    jobs.push_back(service::make_retention(*retention_, seconds_of(settings, Setting::retention_interval)));
    jobs.push_back(service::make_collection(*collector_));
    return jobs;
  }

  const Settings settings_;
  base::SystemClock clock_;
  ListenPlan plan_;
  std::unique_ptr<Certificate> certificate_;
  std::unique_ptr<base::File> lock_;
  std::unique_ptr<store::BlobStore> store_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<service::Audit> audit_;
  std::unique_ptr<AccessBox> access_;
  std::unique_ptr<service::Health> health_;
  std::unique_ptr<service::WriteGate> write_gate_;
  std::unique_ptr<service::DiskReserve> reserve_;
  std::unique_ptr<service::BlobPush> blob_push_;
  std::unique_ptr<service::ManifestPush> manifest_push_;
  std::unique_ptr<service::BlobPull> blob_pull_;
  std::unique_ptr<service::PullCounter> pull_counter_;
  std::unique_ptr<service::ManifestPull> manifest_pull_;
  std::unique_ptr<service::Listing> listing_;
  std::unique_ptr<service::Freshness> freshness_;
  std::unique_ptr<service::CatalogProbe> catalog_probe_;
  std::unique_ptr<service::Undo> undo_;
  std::unique_ptr<service::RetentionService> retention_;
  std::unique_ptr<service::Collector> collector_;
  std::unique_ptr<http::Handler> application_;
  std::unique_ptr<http::Handler> operations_;
  std::unique_ptr<base::Workers> workers_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> operations_server_;
  std::unique_ptr<service::JobRunner> jobs_;
  std::unique_ptr<service::JobRunner> audit_jobs_;
  std::unique_ptr<net::LocalServer> admin_door_;
  std::chrono::milliseconds drain_timeout_{0};
  std::optional<std::string> first_administrator_;
};

}  // namespace

base::Result<std::unique_ptr<Daemon>> start_daemon(const Settings& settings) {
  base::metrics::set(base::metrics::Metric::build_info, 1, {BERTH_VERSION});
  return RunningDaemon::start(settings);
}

}  // namespace berth::app
