#pragma once

/// \file suppression.hpp
/// Addresses that get nothing any more, because mail to them bounced for good or their owner
/// complained: a permanent outcome "suppressed". And those whose owners opted out of a category of
/// notifications: what is of that category is skipped, "opted_out".

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/receipts.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Why and since when.
struct Suppression {
  std::string channel_type;  ///< "email", "sms", ...
  std::string address;       ///< Masked ("u***@example.com") in what a list gives out.
  std::string reason;        ///< "bounced", "complained", or a word of the operator's.
  TimePoint at{};
  std::string category = {};  ///< Opted out of this one alone; empty: gets nothing.
};

/// Thread-safe. Addresses are compared without regard to the case of ASCII letters, and are kept as
/// SHA-256 hashes beside their masked form.
class SuppressionList {
 public:
  virtual ~SuppressionList() = default;
  /// The entry of an address and exactly this category; nullopt: there is none.
  virtual std::optional<Suppression> find(std::string_view channel_type, std::string_view address,
                                          std::string_view category = {}) const = 0;
  /// Adds an address (in clear); one that is there stays as it is. kIo: it was not kept.
  virtual Result<void> add(Suppression suppression) = 0;
  /// True when it was there.
  virtual Result<bool> remove(std::string_view channel_type, std::string_view address,
                              std::string_view category = {}) = 0;
  /// All, oldest first.
  virtual std::vector<Suppression> list() const = 0;
  /// Those of one address, oldest first.
  virtual std::vector<Suppression> list_of(std::string_view channel_type,
                                           std::string_view address) const = 0;
  virtual bool empty() const = 0;
};

/// Lost with the process.
std::shared_ptr<SuppressionList> make_memory_suppression_list();

/// Kept in a file (one JSON object a line, made when missing, mode 0600); every change is synced
/// before `add` and `remove` return. One process at a time. kIo; kCorruption names the line.
Result<std::shared_ptr<SuppressionList>> open_suppression_file(const std::string& path);

/// Adds the receipt's recipient when it bounced for good or complained; true when it did so.
Result<bool> suppress_by_receipt(SuppressionList& list, std::string_view channel_type,
                                 const DeliveryReceipt& receipt);

}  // namespace townkrier
