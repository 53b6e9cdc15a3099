# townkrier_embed_text(TARGET FILE HEADER FUNCTION): compiles one text file into TARGET, where
# townkrier::http::FUNCTION(), declared in HEADER, gives it as a std::string_view.
function(townkrier_embed_text target file header function)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} content)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_${function}.cpp")
  file(GENERATE OUTPUT ${source} CONTENT
"// Made by cmake/EmbedText.cmake.
#include \"${header}\"

namespace townkrier::http {

std::string_view ${function}() {
  return R\"text(${content})text\";
}

}  // namespace townkrier::http
")
  target_sources(${target} PRIVATE ${source})
endfunction()
