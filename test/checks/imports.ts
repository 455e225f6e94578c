/**
 * The order of the house (docs/architecture.md): imports run down this list only, never up, never in a circle; a
 * native driver knows only the kernel's interfaces, and the console only the shapes of snapshots and commands.
 */
import {resolveImport, type SourceFile} from './sources.js';

/** From the top of the house to its foundation. A file is in the first room whose name begins its path. */
export const rooms = [
	'source/cli.tsx',
	'source/commands/',
	'source/ui/',
	'source/session/',
	'source/doors/',
	'source/observe/',
	'source/sim/host.ts',
	'source/sim/host/',
	'source/sim/architecture/',
	'source/sim/scenario/',
	'source/sim/faults/',
	'source/sim/toolstack/',
	'source/sim/guest/',
	'source/sim/frontend/',
	'source/sim/backend/',
	'source/sim/drivers/',
	'source/sim/kernel/',
	'source/sim/channel/',
	'source/sim/xenstore/',
	'source/sim/xen/',
	'source/hw/',
	'source/net/',
	'source/engine/',
] as const;

/** What a room may import when that is less than everything below it. */
type Narrow = {
	readonly room: string;
	readonly values: readonly string[];
	readonly types: readonly string[];
	readonly why: string;
};

const narrow: readonly Narrow[] = [
	{
		room: 'source/sim/drivers/',
		values: ['source/sim/drivers/', 'source/sim/kernel/', 'source/engine/'],
		types: ['source/sim/drivers/', 'source/sim/kernel/', 'source/engine/'],
		why: 'a native driver is written against Kernel alone, so that it runs wherever one is handed to it',
	},
	{
		room: 'source/ui/',
		values: ['source/ui/', 'source/engine/closest.ts', 'source/engine/printable.ts'],
		types: ['source/ui/', 'source/session/', 'source/observe/'],
		why: 'the console knows snapshots and operator commands, nothing below',
	},
];

/** Packages a room may import; rooms that are not named may import any that package.json lists. */
const packages: ReadonlyArray<readonly [string, readonly string[]]> = [
	['source/sim/scenario/', ['yaml', 'zod']],
	['source/sim/', []],
	['source/hw/', []],
	['source/net/', []],
	['source/engine/', []],
];

function roomOf(path: string): number {
	for (let room = 0; room < rooms.length; room++) {
		const name = rooms[room];
		if (name.endsWith('/') ? path.startsWith(name) : path === name) return room;
	}
	return -1;
}

/** What is wrong with the imports of these files, one sentence each. */
export function checkImports(files: readonly SourceFile[]): string[] {
	const findings: string[] = [];
	const paths = new Set(files.map(({path}) => path));
	for (const file of files) {
		const room = roomOf(file.path);
		if (room < 0) findings.push(`${file.path}: is in no room of the house`);
		for (const {from, typeOnly, line} of file.imports) {
			const at = `${file.path}:${line}`;
			const target = resolveImport(file.path, from, paths);
			if (target === undefined) {
				const allowed = packages.find(([prefix]) => file.path.startsWith(prefix))?.[1];
				if (allowed !== undefined && !allowed.includes(from)) findings.push(`${at}: must not import '${from}'`);
				continue;
			}
			if (!paths.has(target)) {
				findings.push(`${at}: imports ${target}, which is not there`);
				continue;
			}
			if (roomOf(target) < room) findings.push(`${at}: imports up, ${rooms[roomOf(target)] ?? target}`);
			for (const {room: prefix, values, types, why} of narrow) {
				if (!file.path.startsWith(prefix)) continue;
				const allowed = typeOnly ? [...values, ...types] : values;
				if (allowed.some((name) => target.startsWith(name))) continue;
				const asValue = types.some((name) => target.startsWith(name)) ? ' other than by import type' : '';
				findings.push(`${at}: must not import ${target}${asValue}: ${why}`);
			}
		}
	}
	return [...findings, ...circles(files, paths)];
}

/** Circles of imports, each reported once, from its first file in order. */
function circles(files: readonly SourceFile[], paths: ReadonlySet<string>): string[] {
	const targets = new Map(
		files.map(({path, imports}) => [path, imports.flatMap(({from}) => resolveImport(path, from, paths) ?? [])]),
	);
	const findings: string[] = [];
	const done = new Set<string>();
	const trail: string[] = [];
	const visit = (path: string) => {
		const at = trail.indexOf(path);
		if (at >= 0) {
			findings.push(`circle: ${[...trail.slice(at), path].join(' → ')}`);
			return;
		}
		if (done.has(path)) return;
		trail.push(path);
		for (const target of targets.get(path) ?? []) visit(target);
		trail.pop();
		done.add(path);
	};
	for (const {path} of files) visit(path);
	return findings;
}
