#include "bench/http_load.hpp"
namespace townkrier::bench {
Result<LoadResult> http_load(const Options&, const LoadPlan&, Histogram&) { return fail(Errc::kInternal, "todo"); }
}
