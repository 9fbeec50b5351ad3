// The head of an HTTP/2 request: from decompressed fields to a checked Request.
//
// As strict as head.h is with HTTP/1, and without relying on what nghttp2 has refused before: pseudo fields once and first, no field of
// a connection, one host, a path, a length that is a number. Pure: the fuzz target calls it directly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/http/message.h"
#include "http/head_scan.h"

namespace berth::http {

// Whether the header block ended the stream.
enum class H2End : std::uint8_t { open, ended };

class H2Head {
 public:
  explicit H2Head(HeadLimits limits) : limits_(limits) {}

  // The next field of the block. What does not fit into the limits is counted and dropped.
  void add(std::string_view name, std::string_view value);
  // The block as RFC 9113 §6.5.2 measures it: names, values and 32 bytes each.
  [[nodiscard]] std::size_t size() const { return size_; }

  struct Facts {
    bool expects_continue = false;  // and has a body that waits for it
  };
  // Fills `request`: method, target, protocol, authority, fields, content_length, has_body. After an error it holds what was understood.
  // Errors: request_malformed, header_too_large, expectation_failed.
  // Spec:   RFC 9113 §8.2–8.3; RFC 9110 §7.2, §10.1.1.
  base::Result<Facts> finish(H2End end, Request& request);

 private:
  struct Pseudo {
    std::string_view name;
    std::optional<std::string> value;
  };

  void add_pseudo(std::string_view name, std::string_view value);
  void add_cookie(std::string_view value);
  void refuse(const char* why);
  base::Result<void> take_target(Request& request);
  base::Result<void> take_authority(Request& request);
  base::Result<void> take_length(H2End end, Request& request) const;

  HeadLimits limits_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  Pseudo method_{":method", {}};
  Pseudo scheme_{":scheme", {}};
  Pseudo authority_{":authority", {}};
  Pseudo path_{":path", {}};
  Fields fields_;
  std::string cookie_;
  const char* refused_ = nullptr;  // why the block is malformed
};

}  // namespace berth::http
