# townkrier_embed_assets(TARGET FOLDER): compiles the files of FOLDER into TARGET, where
# townkrier::http::asset(name) (http/assets.hpp) finds them. Raw string literals, so the files stay
# what they are for editors, linters and browsers.
function(townkrier_embed_assets target folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
  set(cases "")
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME)
    file(READ ${file} content)
    string(APPEND cases "  if (name == \"${name}\") return R\"asset(${content})asset\";\n")
  endforeach()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_assets.cpp")
  file(GENERATE OUTPUT ${source} CONTENT
"// Made by cmake/EmbedAssets.cmake.
#include \"http/assets.hpp\"

namespace townkrier::http {

std::optional<std::string_view> asset(std::string_view name) {
${cases}  return std::nullopt;
}

}  // namespace townkrier::http
")
  target_sources(${target} PRIVATE ${source})
endfunction()
