#pragma once

/// \file masking.hpp
/// What may be seen of addresses, contents and error texts. Pure functions; all accept any bytes
/// and return valid UTF-8. Masking twice never shows more than masking once; for addresses and
/// error texts it changes nothing.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/log.hpp"

namespace townkrier {

/// "user@example.com" → "u***@example.com"; a local part of one character is hidden whole.
std::string mask_email(std::string_view email);

/// "+2348012345667" → "+23*******67". The sign and at most two digits lead, at most two follow;
/// shorter numbers show fewer (from 13 digits: 2+2, from 8: 0+2, from 4: 0+1). The stars do not
/// tell the length.
std::string mask_phone(std::string_view phone);

/// Any single address as text: recognises e-mail addresses, phone numbers and URLs (scheme and host
/// stay: "https://example.com/***"); else the first quarter, at most 4 characters, then "***".
std::string mask_address_text(std::string_view address);

/// Any recipient: the most telling member of {"email"|"phone"|"deviceToken"|"userId"|"url"|...},
/// masked; a plain string; "***" for anything else. Names are left out.
std::string mask_address(const nlohmann::json& address);

/// The masked addresses of an array (or of one address), joined by ", ".
std::string mask_recipients(const nlohmann::json& recipients);

/// The same as one text for a log row: as is for kPublic, else masked.
std::string recipients_text(const nlohmann::json& recipients, ContentPrivacy privacy);

/// kMasked: the first quarter of the characters, at most 32, then "***"; digits and addresses in it
/// are hidden. kPrivate: "". kPublic: as is. "" stays "".
std::string mask_text(std::string_view text, ContentPrivacy privacy);

/// An error text: control characters become spaces, at most 2 KiB is kept. Unless kPublic, e-mail
/// addresses, phone numbers, credentials in URLs, values after "password=", "token:" and the like,
/// and long tokens are masked where they stand.
std::string mask_error(std::string_view text, ContentPrivacy privacy);

/// A payload as it may be shown or kept. {"notification","recipient"}: contents masked as text,
/// addresses as addresses, `via` kept, attachments without content. Any other form: every string
/// masked. Numbers that are not integers below 1000 are hidden too. kPublic: as is.
nlohmann::json masked_payload(const nlohmann::json& payload, ContentPrivacy privacy);
/// The same of one channel's content or recipients in it.
nlohmann::json masked_content(const nlohmann::json& content, std::string_view channel,
                              ContentPrivacy privacy);
nlohmann::json masked_recipients(const nlohmann::json& recipients, std::string_view channel,
                                 ContentPrivacy privacy);

}  // namespace townkrier
