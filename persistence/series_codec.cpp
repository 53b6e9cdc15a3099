/// Series buckets as bytes.

#include "persistence/bytes.hpp"
#include "persistence/record_codec.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::uint8_t kSeriesVersion = 1;

void append_counts(std::string& out, const SeriesCounts& counts) {
  for (const auto value : counts.values) append_varint(out, value);
}

SeriesCounts counts(ByteReader& in) {
  SeriesCounts read;
  for (auto& value : read.values) value = in.varint();
  return read;
}

void append_names(std::string& out, const std::map<std::string, SeriesCounts>& by_name) {
  append_varint(out, by_name.size());
  for (const auto& [name, counts] : by_name) {
    append_text(out, name);
    append_counts(out, counts);
  }
}

std::map<std::string, SeriesCounts> names(ByteReader& in) {
  std::map<std::string, SeriesCounts> by_name;
  for (auto left = in.count(); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    by_name[std::move(name)] = counts(in);
  }
  return by_name;
}

void append_times(std::string& out, const LatencyHistogram& times) {
  const auto filled = times.filled();
  append_varint(out, filled.size());
  for (const auto& [bucket, count] : filled) {
    append_varint(out, bucket);
    append_varint(out, count);
  }
}

LatencyHistogram times(ByteReader& in) {
  LatencyHistogram read;
  for (auto left = in.count(); left > 0 && in.ok(); --left) {
    const auto bucket = in.varint();
    const auto count = in.varint();
    if (bucket >= LatencyHistogram::kBuckets) in.fail();
    if (in.ok()) read.add(bucket, count);
  }
  return read;
}

}  // namespace

void encode(const SeriesBucket& bucket, std::string& out) {
  append_u8(out, kSeriesVersion);
  append_counts(out, bucket.total);
  append_names(out, bucket.by_queue);
  append_names(out, bucket.by_channel);
  append_times(out, bucket.wait);
  append_times(out, bucket.run);
}

Result<SeriesBucket> decode_series(SeriesStep step, TimePoint start, std::string_view bytes) {
  ByteReader in(bytes);
  SeriesBucket bucket;
  bucket.step = step;
  bucket.start = start;
  if (in.u8() != kSeriesVersion) in.fail();
  bucket.total = counts(in);
  bucket.by_queue = names(in);
  bucket.by_channel = names(in);
  bucket.wait = times(in);
  bucket.run = times(in);
  if (!in.ok() || !in.at_end()) return fail(Errc::kCorruption, "a series record is damaged");
  return bucket;
}

}  // namespace townkrier::persistence
