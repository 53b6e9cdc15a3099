#include "core/strict_json.hpp"

#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace townkrier {

namespace {

using Json = nlohmann::json;

// A character iterator that tells how far the reader has come.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* read) : at_(at), read_(read) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*read_;
    return *this;
  }
  CountingIterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* read_;
};

// Builds the document as nlohmann's own SAX-to-DOM reader does, and stops at the first thing that
// is not allowed. `problem()` is then a sentence without any of the content.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(int max_depth) : max_depth_(max_depth) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  // The reader falls back to a double, and so loses digits, for integers beyond 64 bits.
  bool number_float(number_float_t value, const string_t& text) override {
    if (text.find_first_of(".eE") == string_t::npos) return refuse("an integer outside 64 bits");
    return add(value);
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->contains(name)) return refuse("a repeated member name");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    // 406 is "number overflow"; its text, like every other, would repeat the content.
    constexpr int kNumberOverflow = 406;
    return refuse(error.id == kNumberOverflow ? "a number that is too large"
                                              : "a syntax error or invalid UTF-8");
  }

  const char* problem() const { return problem_; }
  Json take() { return std::move(root_); }

 private:
  bool refuse(const char* problem) {
    problem_ = problem;
    return false;
  }

  Json* place(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[key_] = std::move(value));
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.size() >= static_cast<std::size_t>(max_depth_)) return refuse("too deep nesting");
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  int max_depth_;
  Json root_;
  // From the root to the innermost open container. A parent does not grow while its child is open,
  // so the pointers stay valid.
  std::vector<Json*> open_;
  std::string key_;
  const char* problem_ = "a syntax error";
};

std::unexpected<Error> malformed(const char* problem, std::size_t offset) {
  return fail(Errc::kMalformed,
              std::string("not valid JSON: ") + problem + " at byte " + std::to_string(offset));
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) {
    return fail(Errc::kTooLarge,
                "more than " + std::to_string(limits.max_bytes) + " bytes of JSON");
  }
  // The reader takes a zero byte for the end of the text, and skips a byte order mark.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    return malformed("a zero byte", zero);
  }
  if (text.starts_with("\xef\xbb\xbf")) return malformed("a byte order mark", 0);

  std::size_t read = 0;
  Builder builder(limits.max_depth);
  const bool complete =
      Json::sax_parse(CountingIterator(text.data(), &read),
                      CountingIterator(text.data() + text.size(), &read), &builder);
  if (!complete) return malformed(builder.problem(), read);
  return builder.take();
}

}  // namespace townkrier
