#include "townkrier/suppression.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "channels/api_provider.hpp"
#include "core/base64.hpp"
#include "core/masking.hpp"
#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

std::string key_of(std::string_view channel_type, std::string_view address,
                   std::string_view category) {
  std::string text(channel_type);
  if (!category.empty()) text.append("\n").append(category).append("\n");
  text += '\n';
  for (const char c : address) text += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return hex_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

class MemoryList : public SuppressionList {
 public:
  std::optional<Suppression> find(std::string_view channel_type, std::string_view address,
                                  std::string_view category) const override {
    const std::string key = key_of(channel_type, address, category);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
  }

  Result<void> add(Suppression suppression) override {
    const std::string key =
        key_of(suppression.channel_type, suppression.address, suppression.category);
    suppression.address = mask_address_text(suppression.address);
    const std::lock_guard lock(mutex_);
    if (entries_.contains(key)) return {};
    if (auto ok = keep(key, &suppression); !ok) return ok;
    entries_.emplace(key, std::move(suppression));
    return {};
  }

  Result<bool> remove(std::string_view channel_type, std::string_view address,
                      std::string_view category) override {
    const std::string key = key_of(channel_type, address, category);
    const std::lock_guard lock(mutex_);
    if (!entries_.contains(key)) return false;
    if (auto ok = keep(key, nullptr); !ok) return std::unexpected(ok.error());
    entries_.erase(key);
    return true;
  }

  std::vector<Suppression> list() const override {
    std::vector<Suppression> out;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [key, entry] : entries_) out.push_back(entry);
    }
    std::ranges::stable_sort(out, {}, &Suppression::at);
    return out;
  }

  std::vector<Suppression> list_of(std::string_view channel_type,
                                   std::string_view address) const override {
    std::vector<Suppression> out;
    {
      const std::lock_guard lock(mutex_);
      std::set<std::string_view> categories{""};
      for (const auto& [key, entry] : entries_) {
        if (entry.channel_type == channel_type) categories.insert(entry.category);
      }
      for (const std::string_view category : categories) {
        const auto found = entries_.find(key_of(channel_type, address, category));
        if (found != entries_.end()) out.push_back(found->second);
      }
    }
    std::ranges::stable_sort(out, {}, &Suppression::at);
    return out;
  }

  bool empty() const override {
    const std::lock_guard lock(mutex_);
    return entries_.empty();
  }

 protected:
  /// Writes a change down (null: removed) before it holds. Called with the lock held.
  virtual Result<void> keep(const std::string&, const Suppression*) { return {}; }

  void restore(const std::string& key, std::optional<Suppression> entry) {
    const std::lock_guard lock(mutex_);
    entries_.erase(key);
    if (entry) entries_.emplace(key, *std::move(entry));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Suppression> entries_;  // guarded by mutex_; by hash
};

Error io_error(const char* what) {
  return {Errc::kIo,
          std::string("the suppression list cannot be ") + what + ": " + std::strerror(errno)};
}

class FileList final : public MemoryList {
 public:
  ~FileList() override {
    if (file_ >= 0) ::close(file_);
  }

  Result<void> open(const std::string& path) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) return std::unexpected(io_error("opened"));
    std::ifstream in(path);
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
      if (in.eof()) break;  // half written: the change in it was never acknowledged
      if (auto ok = take(line); !ok) {
        return fail(Errc::kCorruption,
                    "the suppression list's line " + std::to_string(number) + " cannot be read");
      }
      size_ += static_cast<off_t>(line.size()) + 1;
    }
    if (::ftruncate(file_, size_) != 0) return std::unexpected(io_error("repaired"));
    return {};
  }

 protected:
  Result<void> keep(const std::string& key, const Suppression* entry) override {
    json line{{"key", key}};
    if (entry != nullptr) {
      line.update({{"type", entry->channel_type},
                   {"address", entry->address},
                   {"reason", entry->reason},
                   {"at", to_iso8601(entry->at)}});
      if (!entry->category.empty()) line["category"] = entry->category;
    }
    const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fdatasync(file_) != 0) {
      Error error = io_error("written");
      (void)::ftruncate(file_, size_);  // no half line before the next one
      return std::unexpected(std::move(error));
    }
    size_ += static_cast<off_t>(text.size());
    return {};
  }

 private:
  Result<void> take(const std::string& line) {
    const auto value = parse_json(line);
    const std::string key = value ? text_at(*value, "/key") : std::string();
    if (key.size() != 64) return fail(Errc::kCorruption, "no entry");
    if (!value->contains("type")) {
      restore(key, std::nullopt);
      return {};
    }
    const auto at = parse_iso8601(text_at(*value, "/at"));
    if (!at) return std::unexpected(at.error());
    restore(key, Suppression{.channel_type = text_at(*value, "/type"),
                             .address = text_at(*value, "/address"),
                             .reason = text_at(*value, "/reason"),
                             .at = *at,
                             .category = text_at(*value, "/category")});
    return {};
  }

  int file_ = -1;
  off_t size_ = 0;  // of whole lines
};

}  // namespace

std::shared_ptr<SuppressionList> make_memory_suppression_list() {
  return std::make_shared<MemoryList>();
}

Result<std::shared_ptr<SuppressionList>> open_suppression_file(const std::string& path) {
  auto list = std::make_shared<FileList>();
  if (auto ok = list->open(path); !ok) return std::unexpected(ok.error());
  return list;
}

Result<bool> suppress_by_receipt(SuppressionList& list, std::string_view channel_type,
                                 const DeliveryReceipt& receipt) {
  const bool complained = receipt.kind == DeliveryReceipt::Kind::kComplained;
  const bool bounced = receipt.kind == DeliveryReceipt::Kind::kBounced && receipt.permanent;
  if (receipt.recipient.empty() || (!complained && !bounced)) return false;
  auto added = list.add({.channel_type = std::string(channel_type),
                         .address = receipt.recipient,
                         .reason = std::string(to_string(receipt.kind)),
                         .at = receipt.at});
  if (!added) return std::unexpected(added.error());
  return true;
}

}  // namespace townkrier
