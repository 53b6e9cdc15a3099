// node build.mjs --modules DIR --out DIR --version V: bundles src/ and writes, below --out,
//   dist/                  the files as they are served (gzipped, but for the page)
//   dashboard_assets.cpp   the same, compiled into the server (http/assets.hpp)
//   sizes.json             what a first load transfers
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: { modules: { type: 'string' }, out: { type: 'string' }, version: { type: 'string' } },
});
const modules = resolve(options.modules);
const out = resolve(options.out);
const { build } = createRequire(join(modules, 'any.js'))('esbuild');

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
};

async function bundle() {
  const result = await build({
    entryPoints: [join(here, 'src/main.tsx')],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: ['es2022', 'chrome123', 'firefox128', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    nodePaths: [modules],
    absWorkingDir: here,
    outdir: join(out, 'dist'),
    entryNames: 'dashboard-[hash]',
    legalComments: 'none', // licences.txt has them
    define: { DASHBOARD_VERSION: JSON.stringify(options.version ?? '0') },
    logLevel: 'warning',
  });
  const files = result.outputFiles.map((file) => ({
    name: basename(file.path), content: Buffer.from(file.contents) }));
  return { files, inputs: Object.keys(result.metafile.inputs) };
}

/** Every package that has a file in the bundle, with the text of its licence. */
function licences(inputs) {
  const names = new Set();
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) names.add(match[1]);
  }
  const parts = [...names].sort().map((name) => {
    const folder = join(modules, name);
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence file`);
    return `${name} ${about.version} (${about.license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return Buffer.from(`The dashboard contains:\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`);
}

function hashed(file) {
  const hash = createHash('sha256').update(file.content).digest('hex').slice(0, 8).toUpperCase();
  const type = extname(file.name);
  return { ...file, name: `${basename(file.name, type)}-${hash}${type}` };
}

function page(files) {
  const named = (type) => files.find((file) => extname(file.name) === type).name;
  const text = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('{{script}}', named('.js')).replace('{{style}}', named('.css')).replace('{{icon}}', named('.svg'));
  return { name: 'index.html', content: Buffer.from(text) };
}

function literal(content) {
  const lines = [];
  for (let at = 0; at < content.length; at += 64) {
    const bytes = [...content.subarray(at, at + 64)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
    lines.push(`    "${bytes.join('')}"`);
  }
  return lines.join('\n');
}

function source(assets) {
  const entries = assets.map(({ name, body, encoding }) =>
    `    {"${name}", "${TYPES[extname(name)]}", "${encoding}", {\n${literal(body)}, ${body.length}}},`);
  return `// Made by http/dashboard/build.mjs.
#include "http/assets.hpp"

namespace townkrier::http {
namespace {

constexpr Asset kAssets[] = {
${entries.join('\n')}
};

}  // namespace

std::span<const Asset> assets() {
  return kAssets;
}

}  // namespace townkrier::http
`;
}

const { files, inputs } = await bundle();
files.push(hashed({ name: 'icon.svg', content: readFileSync(join(here, 'icon.svg')) }));
files.push(page(files));
files.push({ name: 'licences.txt', content: licences(inputs) });
const assets = files.map(({ name, content }) => name.endsWith('.html')
  ? { name, body: content, encoding: '' }
  : { name, body: gzipSync(content, { level: 9 }), encoding: 'gzip' });

const dist = join(out, 'dist');
if (existsSync(dist)) rmSync(dist, { recursive: true });
mkdirSync(dist, { recursive: true });
for (const { name, body, encoding } of assets) writeFileSync(join(dist, encoding ? `${name}.gz` : name), body);
const first = assets.filter(({ name }) => name !== 'licences.txt');
const bytes = first.reduce((sum, { body }) => sum + body.length, 0);
writeFileSync(join(out, 'sizes.json'), JSON.stringify({
  requests: first.length, bytes, files: Object.fromEntries(first.map(({ name, body }) => [name, body.length])) }));
writeFileSync(join(out, 'dashboard_assets.cpp'), source(assets));
