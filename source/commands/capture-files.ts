/**
The files of `--capture eth0=out.pcapng`: understood and looked at before anything runs, then opened, and written as frames come. What
cannot be written any more is lost, and said so once at the end; the run goes on.
*/
import {closeSync, ftruncateSync, openSync, readSync, realpathSync, writeSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {CaptureWords} from '../doors/capture.js';
import {closest} from '../engine/closest.js';
import {printableLine} from '../engine/printable.js';
import type {Scenario} from '../sim/scenario/types.js';
import {checkFileTarget} from './file-target.js';
import {UserError} from './user-error.js';

/** The interfaces of a scenario that can be watched: NICs, and guests' by domain and device number. */
export function interfaceNames({host, domains}: Scenario): string[] {
	const vifs = domains.flatMap(({name, vifs}) => vifs.map(({device}) => `${name}:${device}`));
	return [...host.nics.map(({name}) => name), ...vifs];
}

/** Understands what was typed after each --capture. Throws UserError. */
export function parseCaptures(typed: readonly string[] = [], scenario: Scenario): CaptureWords[] {
	const names = interfaceNames(scenario);
	const captures: CaptureWords[] = [];
	for (const text of typed) {
		const [name] = text.split('=', 1);
		const file = text.slice(name.length + 1);
		const option = `--capture ${text}`;
		if (!names.includes(name)) throw new UserError(`${option}: ${unknownInterface(name, names)}`);
		if (captures.some((capture) => capture.interface === name)) {
			throw new UserError(`${option}: ${name} is captured already`);
		}
		const example = `--capture ${name}=${name.replace(':', '-')}.pcapng`;
		if (file === '-') throw new UserError(`${option}: a capture goes to a file, not to stdout; write ${example}`);
		checkFileTarget(file, {option, example, name: 'out.pcapng', what: 'a pcapng capture', isOurs: isPcapng});
		const same = captures.find((capture) => realPath(capture.file) === realPath(file));
		captures.push({interface: name, file: same?.file ?? file});
	}
	return captures;
}

/** Where a file is, or will be, whatever links lead there. */
function realPath(file: string): string {
	try {
		return realpathSync(file);
	} catch {
		// It is not there yet; its folder is, or the target would have been refused.
		return join(realpathSync(dirname(file)), basename(file));
	}
}

function unknownInterface(name: string, names: readonly string[]): string {
	if (names.length === 0) return 'this scenario has no network interfaces';
	const near = closest(name, names);
	const there =
		near === undefined ? `there are ${names.join(', ')}` : `did you mean '${near}'? There are ${names.join(', ')}`;
	return `no interface '${name}', ${there}`;
}

/** The open files of some captures. */
export class CaptureFiles {
	/** The first failure to write, in words. */
	lost: string | undefined;
	readonly #files = new Map<string, number>();
	/** Why a file is not complete. */
	readonly #cut = new Map<string, string>();

	/** Opens and empties every file. Throws UserError. */
	constructor(captures: readonly CaptureWords[]) {
		for (const {file} of captures) {
			if (this.#files.has(file)) continue;
			try {
				this.#files.set(file, openSync(file, 'w'));
			} catch (error) {
				throw new UserError(`--capture: cannot write to ${file}: ${reason(error)}`);
			}
		}
	}

	/** Writes bytes of a file from `at` on; from 0 on they begin it anew. */
	write(file: string, bytes: Uint8Array, at: number): void {
		const descriptor = this.#files.get(file);
		if (descriptor === undefined || this.#cut.has(file)) return;
		try {
			if (at === 0) ftruncateSync(descriptor);
			for (let done = 0; done < bytes.length; ) {
				done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
			}
		} catch (error) {
			this.#cut.set(file, reason(error));
			this.lost ??= `cannot write to ${file}: ${reason(error)}`;
		}
	}

	/** Tells where the frames are, or that some are lost. */
	report(output: NodeJS.WritableStream): void {
		for (const file of this.#files.keys()) {
			const why = this.#cut.get(file);
			output.write(`capture: ${printableLine(why === undefined ? file : `${file} is not complete: ${why}`)}\n`);
		}
	}

	close(): void {
		for (const descriptor of this.#files.values()) closeSync(descriptor);
	}
}

function reason(error: unknown): string {
	const {code, message} =
		error instanceof Error ? (error as NodeJS.ErrnoException) : {code: '', message: String(error)};
	return code === 'ENOSPC' ? 'no space left on device' : message;
}

/** Whether the file begins as every pcapng does. */
function isPcapng(file: string): boolean {
	try {
		const descriptor = openSync(file, 'r');
		const start = Buffer.alloc(4);
		readSync(descriptor, start);
		closeSync(descriptor);
		return start.readUInt32LE() === 0x0a0d0d0a;
	} catch {
		return false;
	}
}
