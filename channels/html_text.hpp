#pragma once

/// \file html_text.hpp
/// Plain text of an HTML mail, for readers that show no HTML. Pure.

#include <string>
#include <string_view>

namespace townkrier {

/// Blocks become lines, list items "- ", links "text (target)", entities characters; head, style
/// and script go. Any bytes are accepted; linear in the length.
std::string html_to_text(std::string_view html);

}  // namespace townkrier
