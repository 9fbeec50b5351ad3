#include "berth/base/time_text.h"

#include <chrono>

#include "berth/base/bytes.h"

namespace berth::base {

namespace {

// Takes text apart from its beginning; the first part that does not fit makes it bad.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    const auto value = rest_.size() >= digits ? parse_decimal(rest_.substr(0, digits)) : std::nullopt;
    good_ = good_ && value.has_value();
    rest_.remove_prefix(std::min(digits, rest_.size()));
    return value ? static_cast<int>(*value) : 0;
  }
  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = skip(c) && good_; }
  void require(bool holds) { good_ = good_ && holds; }
  // Behind the point: microseconds; what is finer is dropped.
  std::int64_t fraction() {
    std::int64_t micros = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (digits < 6) micros = micros * 10 + (rest_[digits] - '0');
      ++digits;
    }
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
    require(digits >= 1 && digits <= 9);
    rest_.remove_prefix(digits);
    return micros;
  }
  [[nodiscard]] bool ended() const { return rest_.empty(); }
  [[nodiscard]] bool good() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::chrono::minutes offset_of(Reader& reader) {
  if (reader.skip('Z') || reader.skip('z')) return {};
  const bool west = reader.skip('-');
  if (!west) reader.expect('+');
  const int hours = reader.number(2);
  reader.expect(':');
  const int minutes = reader.number(2);
  reader.require(hours < 24 && minutes < 60);
  const std::chrono::minutes offset{hours * 60 + minutes};
  return west ? -offset : offset;
}

}  // namespace

std::optional<TimePoint> parse_time(std::string_view text) {
  Reader reader(text);
  const int year = reader.number(4);
  reader.expect('-');
  const int month = reader.number(2);
  reader.expect('-');
  const int day = reader.number(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  reader.require(date.ok());
  Duration time{0};
  if (!reader.ended()) {
    if (!reader.skip('t')) reader.expect('T');
    const int hour = reader.number(2);
    reader.expect(':');
    const int minute = reader.number(2);
    reader.expect(':');
    const int second = reader.number(2);
    reader.require(hour < 24 && minute < 60 && second <= 60);
    time = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
    if (reader.skip('.')) time += Duration(reader.fraction());
    time -= offset_of(reader);
  }
  if (!reader.good()) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date).time_since_epoch() + time);
}

}  // namespace berth::base
