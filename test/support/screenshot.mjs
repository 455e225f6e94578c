#!/usr/bin/env node
/**
 * A picture of a running terminal program, as SVG:
 *
 *     node test/support/screenshot.mjs OUT.svg --size 120x36 --at 10 --key 2=f --key 2.5='\r' -- node dist/cli.js
 *
 * `--at` is the second of the picture; each `--key SECOND=TEXT` types TEXT then (\r, \t, \e and \xNN are understood).
 * `--at` may be given several times with {} in OUT, which becomes the second. util-linux `script` is the terminal,
 * @xterm/headless the screen.
 */
import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import xterm from '@xterm/headless';

const cell = {width: 8.4, height: 18};
const margin = 12;
const colours = [
	...['#1e1e2e', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#cba6f7', '#94e2d5', '#cdd6f4'],
	...['#6c7086', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#cba6f7', '#94e2d5', '#ffffff'],
];
const [background, foreground] = [colours[0], colours[7]];

const {out, columns, rows, pictures, presses, command} = readArguments(process.argv.slice(2));
const terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
const env = {...process.env, TERM: 'xterm-256color', COLORTERM: 'truecolor', FORCE_COLOR: '3', LC_ALL: 'C.UTF-8'};
for (const name of ['CI', 'NO_COLOR', 'NODE_ENV']) delete env[name];
const child = spawn('script', ['-qfec', `stty cols ${columns} rows ${rows}; exec ${command}`, '/dev/null'], {env});
child.stdout.setEncoding('utf8').on('data', (text) => terminal.write(text));

const events = [
	...presses.map(({second, text}) => ({second, run: () => child.stdin.write(text)})),
	...pictures.map((second) => ({second, run: () => picture(out.replaceAll('{}', String(second)))})),
].sort((a, b) => a.second - b.second);
const started = Date.now();
for (const {second, run} of events) {
	await new Promise((resolve) => setTimeout(resolve, started + second * 1000 - Date.now()));
	await run();
}
child.stdin.end();
child.kill();
process.exit(0);

/** Writes the screen as it is now. */
async function picture(file) {
	await new Promise((resolve) => terminal.write('', resolve));
	const body = Array.from({length: rows}, (_, y) => row(y)).join('');
	const [width, height] = [columns * cell.width + 2 * margin, rows * cell.height + 2 * margin];
	const svg = [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(1)} ${height}" width="${width.toFixed(1)}" height="${height}"`,
		` font-family="'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14">`,
		`<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
		`<g transform="translate(${margin} ${margin})">${body}</g></svg>\n`,
	].join('');
	writeFileSync(file, svg);
	console.error(`${file}: ${columns}x${rows}`);
}

/** One line of the screen: neighbouring cells that look alike become one text. */
function row(y) {
	const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + y);
	let svg = '';
	let run;
	for (let x = 0; x < columns; x++) {
		const at = line?.getCell(x);
		if (at === undefined || at.getWidth() === 0) continue;
		let fg = colour(at, 'Fg', foreground);
		let bg = colour(at, 'Bg', background);
		if (at.isInverse()) [fg, bg] = [bg, fg];
		const look = [fg, bg, at.isBold(), at.isDim(), at.isUnderline()].join();
		const text = at.getChars() || ' ';
		if (run?.look === look) {
			run.text += text;
			run.cells += at.getWidth();
		} else {
			svg += draw(run, y);
			const [bold, dim, underline] = [at.isBold(), at.isDim(), at.isUnderline()];
			run = {look, x, text, cells: at.getWidth(), fg, bg, bold, dim, underline};
		}
	}
	return svg + draw(run, y);
}

function draw(run, y) {
	if (run === undefined) return '';
	const [x, top] = [(run.x * cell.width).toFixed(1), y * cell.height];
	const text = run.text.trimEnd();
	const width = ((run.cells - (run.text.length - text.length)) * cell.width).toFixed(1);
	let svg = '';
	if (run.bg !== background) {
		svg += `<rect x="${x}" y="${top}" width="${(run.cells * cell.width).toFixed(1)}" height="${cell.height}" fill="${run.bg}"/>`;
	}
	if (text.trim() === '') return svg;
	const style = [
		run.bold ? ' font-weight="bold"' : '',
		run.dim ? ' opacity=".6"' : '',
		run.underline ? ' text-decoration="underline"' : '',
	].join('');
	const fit = `textLength="${width}" lengthAdjust="spacingAndGlyphs"`;
	return `${svg}<text x="${x}" y="${top + 13.5}" fill="${run.fg}" ${fit}${style} xml:space="preserve">${escaped(text)}</text>`;
}

function colour(at, ground, standard) {
	if (at[`is${ground}Default`]()) return standard;
	const value = at[`get${ground}Color`]();
	if (at[`is${ground}RGB`]()) return `#${value.toString(16).padStart(6, '0')}`;
	if (value < 16) return colours[value];
	if (value >= 232) return `rgb(${Array(3).fill(8 + (value - 232) * 10)})`;
	const cube = value - 16;
	const levels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
	return `rgb(${levels.map((level) => (level === 0 ? 0 : level * 40 + 55))})`;
}

function escaped(text) {
	return text.replace(/[&<>]/g, (char) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;'})[char] ?? char);
}

function readArguments(words) {
	const read = {out: words[0], columns: 120, rows: 36, pictures: [], presses: [], command: ''};
	for (let i = 1; i < words.length; i += 2) {
		const value = words[i + 1] ?? '';
		if (words[i] === '--') {
			read.command = words.slice(i + 1).join(' ');
			break;
		} else if (words[i] === '--size') [read.columns, read.rows] = value.split('x').map(Number);
		else if (words[i] === '--at') read.pictures.push(Number(value));
		else if (words[i] === '--key') {
			const cut = value.indexOf('=');
			read.presses.push({second: Number(value.slice(0, cut)), text: typed(value.slice(cut + 1))});
		} else throw new Error(`unknown option ${words[i]}; see the head of this file`);
	}
	if (!read.out || !read.command || read.pictures.length === 0) {
		throw new Error('screenshot.mjs OUT.svg [--size 120x36] --at SECOND [--key SECOND=TEXT] -- COMMAND');
	}
	return read;
}

function typed(text) {
	const named = {r: '\r', t: '\t', n: '\n', e: '\u001B', '\\': '\\'};
	return text.replace(/\\(x[\da-fA-F]{2}|[rtne\\])/g, (_, code) =>
		code.startsWith('x') ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : named[code],
	);
}
