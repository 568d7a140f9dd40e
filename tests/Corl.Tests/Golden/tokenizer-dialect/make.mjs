// What Hugging Face's tokenizers make of patterns, behaviours, normalizers and post-processors beyond DeepSeek's own:
//   npm install tokenizers@0.23.2 && node make.mjs ../tokenizers/tiny-1b/tokenizer.json > cases.jsonl
// Lines: override (keys replaced in that tokenizer.json) and rows of text, ids, offsets (flat, in code points).
import fs from 'node:fs';
import tokenizers from 'tokenizers';

const base = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const bytes = (prefix = false, regex = false, trim = true) => ({ type: 'ByteLevel', add_prefix_space: prefix, trim_offsets: trim, use_regex: regex });
const split = (pattern, behavior = 'Isolated', invert = false) => ({ type: 'Split', pattern: typeof pattern === 'string' ? { Regex: pattern } : pattern, behavior, invert });
const cut = (...steps) => ({ pre_tokenizer: { type: 'Sequence', pretokenizers: [...steps, bytes()] } });

const texts = [
  "Hello, don't SAY \u00c4\u00d6\u00dc!  12345 \u00bd\u00b2\u2167",
  " a.b-c_d\r\n\r\n\tx = {1,2}; [z] \u00a0\u3000y \n",
  '\u{1f600}\u{1f601} \u4e2d\u6587\u3002\u{10400}\u{10428}\u{20000} a\u{1d400}b',
  'e\u0301E\u0301 a\u0323\u0301 a\u0301\u0323 \u1e69 \uac00\u11a8\u1100\u1161 \u212b\u2126 \u0958 \u0344 \u{1d15e}',
  '\u0130stanbul \u0414\u0416\u0434 \u1f28\u0345 \u01c5 STRASSE \u00df \ufb01 K\u212ak',
  '  aaa aab  the\n\nthe  ',
  '\u24b6\u2460 \u200b\u200d\ufeff \u2028|\u0085|\u001c|',
  'a', ' ', '\n',
];
const patterns = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?|\\p{N}{1,3}|\\s+(?!\\S)|\\s+",
  '(?<=a)\\S', '(?<!a)b|(?<!\\s)\\s', '(?!a)\\p{L}', '\\b', '\\B', '\\w+', '[\\w-]+', '\\W', '[a-z&&[^e]]+', '[[:space:]]', '[[:punct:]]+',
  '^.|.$', '^', '$', '\\s+$', '\\A.', '.\\z', 'a*', 'a++|b', '(?>a+|b)', '(ab|a|the)+', 'x*?', '[^\\S\\n]+', '\\p{^L}+', '\\P{N}', '\\p{Nd}|\\p{Z}',
  '[\u{1f600}-\u{1f63f}\u{10400}-\u{1044f}]+', '[^\u{1f600}]', '\u{1f600}|\u4e2d', '\\x{1F600}|\\u4e2d|\\x41', '\\h+', '[\\]\\[]', '[]a]', '[-a]|[z-]',
  '\\d{2,}', '\\p{L}{,2}', '\\p{L}{2}', 'a{', '\\{', '-|_', '(?i)HELLO|\u00e4', '(?i:\u0416)', '(?:\\r?\\n)+', '[\\s\\S]', '\\.', '\\p{M}', '\\p{S}+',
];
const overrides = patterns.flatMap((p, i) => [cut(split(p)), cut(split(p, ['Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'][i % 4], i % 3 === 0))]);
overrides.push(cut(split({ String: 'a.' }, 'Removed')), cut(split({ String: '\u{1f600}' })), cut({ type: 'Digits', individual_digits: false }));
for (const [prefix, regex] of [[false, true], [true, true], [true, false]]) {
  const step = bytes(prefix, regex);
  overrides.push({ pre_tokenizer: step, post_processor: step }, { pre_tokenizer: { type: 'Sequence', pretokenizers: [split('\\s', 'MergedWithNext'), step] }, post_processor: step, normalizer: { type: 'NFC' } });
}
overrides.push({ normalizer: { type: 'NFC' } }, { normalizer: { type: 'Lowercase' } }, { normalizer: { type: 'Sequence', normalizers: [{ type: 'Lowercase' }, { type: 'Sequence', normalizers: [{ type: 'NFC' }] }] } });

for (const override of overrides) {
  const tokenizer = tokenizers.Tokenizer.fromString(JSON.stringify({ ...base, ...override }));
  const rows = [];
  for (const text of texts) {
    const encoded = await tokenizer.encode(text, null, { addSpecialTokens: false });
    rows.push({ text, ids: encoded.getIds(), offsets: encoded.getOffsets().flat() });
  }
  console.log(JSON.stringify({ override, rows }));
}
