// node run.mjs --modules DIR --out DIR FILE...: bundles the tests of the dashboard's pure parts and runs them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { modules: { type: 'string' }, out: { type: 'string' } }, allowPositionals: true,
});
const modules = resolve(values.modules);
const { buildSync } = createRequire(join(modules, 'any.js'))('esbuild');
buildSync({
  entryPoints: positionals, bundle: true, platform: 'node', target: 'node18', format: 'esm', outdir: values.out,
  outExtension: { '.js': '.mjs' }, nodePaths: [modules], jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'warning',
});
const files = positionals.map((file) => join(values.out, `${basename(file, '.ts')}.mjs`));
const { status } = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' });
process.exit(status ?? 1);
