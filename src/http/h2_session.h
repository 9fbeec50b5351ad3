// One HTTP/2 connection: frames in and out by nghttp2, many streams at once.
//
//   bytes ─► scanner, guard (limits) ─► nghttp2 ─► H2Stream … H2Upload ─► consumer
//                                          │
//   kernel ◄── one write at a time ◄── H2Output ◄── H2Stream … H2Source
//
// nghttp2 chooses whose DATA goes next: small answers first, the rest in turns of one frame (RFC 9218 urgencies that we set, not the
// peer). A write is at most 256 KiB, so an answer waits for that much at most. Nothing is sent from inside nghttp2's callbacks. Many requests
// that came at once are begun a few in each turn of the loop, so that its other connections do not wait for all of them.
//
// Ends:  drained (wind_down, idle)   GOAWAY, PING, GOAWAY when it is answered, the last stream, close
//        broken by the peer          GOAWAY with nghttp2's reason, close
//        attacked (H2Guard)          GOAWAY ENHANCE_YOUR_CALM, close
//        cut, lost, stalled          reset
// Loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "berth/net/connection.h"
#include "http/engine.h"
#include "http/h2_frames.h"
#include "http/h2_guard.h"
#include "http/h2_output.h"
#include "http/h2_stream.h"
#include "http/h2_windows.h"
#include "http/input_buffer.h"

namespace berth::http {

class H2Session final : public Session, public H2Wire, public std::enable_shared_from_this<H2Session> {
 public:
  // `input` holds what was read already, from the preface on.
  H2Session(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
            std::shared_ptr<InputBuffer> input);
  ~H2Session() override;
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  void start() override;
  void wind_down() override;
  bool cut() override;

 private:
  friend struct H2Callbacks;  // nghttp2's way in
  enum class Phase : std::uint8_t { open, noticed, leaving, ended };

  // H2Wire
  void send_continue(std::int32_t stream) override;
  void send_head(H2Stream& stream, const Response& response, const ResponsePlan& plan, BodyFollows body,
                 H2Urgency urgency) override;
  void resume(std::int32_t stream) override;
  void reset(std::int32_t stream, H2Code code) override;
  void flush() override;
  H2Windows& windows() override { return *windows_; }

  // Events of nghttp2.
  bool stream_begins(std::int32_t id);
  H2Stream* find_stream(std::int32_t id);
  void frame_sent(std::int32_t id, bool is_reset, std::uint32_t code, bool ends_stream);
  void stream_ended(std::int32_t id);
  void goaway_sent();
  void ping_answered();
  void object(std::string_view reason);

  void open_session();
  void read();
  void received(const base::Result<std::size_t>& size);
  void take(base::ByteView bytes);
  void take_turn();
  bool take_slice(base::ByteView bytes);
  void written(const base::Result<void>& result);
  void settle();
  void watch_debt();
  void leave();
  void end_with(H2Code code, std::string_view reason);
  void say_last_words();
  void close();
  void debt_over();
  void idle_over();
  void look_for_stall();
  // Bookkeeping; the connection is closed by whoever calls.
  void finish();

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<LoopSlot> slot_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<InputBuffer> input_;  // the first bytes, until they are taken
  nghttp2_session* session_ = nullptr;
  std::optional<H2Windows> windows_;
  H2FrameScanner scanner_;
  H2Guard guard_;
  std::unordered_map<std::int32_t, std::shared_ptr<H2Stream>> streams_;
  std::shared_ptr<void> work_;  // each request holds it until its last job has ended
  Phase phase_ = Phase::open;
  bool inside_ = false;           // a call into nghttp2 is under way
  std::string_view objection_;    // found inside, acted on outside
  std::size_t header_block_ = 0;  // decompressed bytes of the present one

  std::unique_ptr<std::byte[]> read_buffer_;
  std::size_t read_capacity_ = 0;
  std::size_t read_wanted_ = 0;
  base::ByteView untaken_;  // of what was read
  std::size_t slice_ = 0;
  std::size_t heads_this_turn_ = 0;

  H2Output output_;
  bool writing_ = false;
  std::uint64_t writes_ = 0;
  std::vector<std::shared_ptr<H2Stream>> answered_;  // their last frames stand in output_
  std::string last_words_;

  net::Deadline debt_;  // a header block, the preface
  std::uint64_t debt_known_ = UINT64_MAX;
  net::Deadline idle_;  // no stream; also the answer to our PING
  net::Deadline stall_;
  bool stall_watched_ = false;
  std::uint64_t sent_at_look_ = 0;
  std::uint64_t writes_at_look_ = UINT64_MAX;
};

}  // namespace berth::http
