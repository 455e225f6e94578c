/**
 * What the simulated world must not use (docs/architecture.md): the same scenario and seed must give the same run on
 * every machine and Node, so nothing in it may know the clock, the environment, files, chance or promises, or use
 * arithmetic and text functions whose results are not fixed to the bit.
 */
import type {SourceFile} from './sources.js';

/** The rooms that are the simulated world. */
export const simulatedWorld = ['source/engine/', 'source/net/', 'source/hw/', 'source/sim/'];

const allowedMath = new Set(['imul', 'clz32', 'floor', 'ceil', 'round', 'trunc', 'abs', 'min', 'max', 'sqrt']);

/** Globals, by the reason why not. */
const forbiddenNames = new Map<string, string>(
	Object.entries({
		'the wall clock': ['Date', 'performance', 'hrtime', 'Temporal'],
		'the environment': ['process', 'navigator', 'globalThis', 'global', 'console', 'require', '__dirname'],
		'timers of the machine': [
			...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
			...['queueMicrotask', 'requestAnimationFrame'],
		],
		promises: ['Promise', 'async', 'await', 'AbortController', 'AbortSignal'],
		'other threads': ['Worker', 'SharedArrayBuffer', 'Atomics', 'MessageChannel'],
		'chance or cryptography of the machine': ['crypto'],
		'the garbage collector': ['WeakRef', 'FinalizationRegistry'],
		'text that depends on the locale': ['Intl'],
		'code made at run time': ['eval', 'Function'],
		'the network of the machine': ['fetch', 'WebSocket'],
	}).flatMap(([reason, names]) => names.map((name): [string, string] => [name, reason])),
);

/** Methods, wherever they are called. */
const forbiddenMethods = new Set([
	...['localeCompare', 'toLocaleString', 'toLocaleLowerCase', 'toLocaleUpperCase'],
	...['toLocaleDateString', 'toLocaleTimeString', 'hrtime'],
]);

/** What is wrong with these files, one sentence each; files outside the simulated world are not looked at. */
export function checkPurity(files: readonly SourceFile[]): string[] {
	return files.filter(({path}) => simulatedWorld.some((room) => path.startsWith(room))).flatMap(checkFile);
}

function checkFile({path, tokens, imports}: SourceFile): string[] {
	const findings: string[] = [];
	for (const {from, line} of imports) {
		if (from.startsWith('node:')) findings.push(`${path}:${line}: must not import '${from}'`);
	}
	tokens.forEach(({kind, text, line}, i) => {
		const before = tokens[i - 1]?.text;
		const after = tokens[i + 1]?.text;
		if (kind === 'punctuation' && (text === '**' || text === '**=')) {
			findings.push(`${path}:${line}: must not use ${text}, which is not fixed to the bit`);
		}
		if (kind !== 'name') return;
		const isMember = before === '.' || before === '?.';
		if (isMember && forbiddenMethods.has(text)) {
			findings.push(`${path}:${line}: must not use ${text}: text that depends on the locale, or the clock`);
		}
		if (isMember) return;
		if (text === 'Math') {
			const name = after === '.' ? tokens[i + 2]?.text : undefined;
			if (name === undefined) findings.push(`${path}:${line}: Math may be used only as Math.name`);
			else if (!allowedMath.has(name))
				findings.push(`${path}:${line}: must not use Math.${name}, which is not fixed to the bit`);
		}
		const reason = forbiddenNames.get(text);
		// A property of that name (`{process: …}`, `process?: …`, `process(): …` in an interface) is no global.
		const isKey = after === ':' && before !== '?' && before !== 'case' && before !== '(';
		const isOptionalKey = after === '?' && tokens[i + 2]?.text === ':';
		if (reason !== undefined && !isKey && !isOptionalKey)
			findings.push(`${path}:${line}: must not use ${text}: ${reason}`);
	});
	return findings;
}
