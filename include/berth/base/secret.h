// Text that is to be nowhere once it was used: passwords, keys, the secrets of cookies. Wiped when it goes, and where it is moved from.
//
// What it is not: a guard against whoever can read this process's memory while it is in use, or of the bytes as they came over the
// wire; that no core is written (cli/cores.h) is the guard for those. Not shared between threads.
#pragma once

#include <string>
#include <string_view>

namespace berth::base {

// Overwrites the characters, which a compiler may not leave out, and empties the text.
void wipe(std::string& text);

class Secret {
 public:
  Secret() = default;
  // The text is copied, and the argument wiped.
  Secret(std::string&& text) : text_(text) {
    wipe(text);
  }  // NOLINT(google-explicit-constructor): a text becomes one, nothing is lost
  explicit Secret(std::string_view text) : text_(text) {}
  ~Secret() { wipe(text_); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;

  [[nodiscard]] std::string_view text() const { return text_; }
  operator std::string_view() const { return text_; }  // NOLINT(google-explicit-constructor): read like any text

 private:
  std::string text_;
};

}  // namespace berth::base
