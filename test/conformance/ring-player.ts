/**
The same script for two players: our ring, and a C program over the macros of the real <xen/io/ring.h> (ring-player.c). After
each operation there is a result, the private copy where one was taken, and the 4096 bytes of the page.
*/
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {
	copyRequest,
	copyResponse,
	entryBytes,
	requestWords,
	writeRequest,
	writeResponse,
	writeSegment,
} from '../../source/sim/channel/blkif.js';
import {BackRing, FrontRing} from '../../source/sim/channel/ring.js';

export interface Operation {
	readonly name: string;
	readonly numbers: readonly number[];
}

export interface Outcome {
	readonly result: number;
	readonly copy: Buffer;
	readonly page: Buffer;
}

const copyBytes = 112;
const outcomeBytes = 4 + copyBytes + 4096;

/** Compiles ring-player.c against the installed Xen headers; `remove` deletes it. */
export function compilePlayer(): {path: string; remove: () => void} {
	const folder = mkdtempSync(join(tmpdir(), 'ring-player-'));
	const path = join(folder, 'ring-player');
	const source = fileURLToPath(new URL('./ring-player.c', import.meta.url));
	const {status, stderr} = spawnSync('gcc', ['-O2', '-Wall', '-o', path, source], {encoding: 'utf8'});
	if (status !== 0) throw new Error(`ring-player.c does not compile: ${stderr}`);
	return {path, remove: () => rmSync(folder, {recursive: true})};
}

/** What the C player makes of a script, one outcome per operation. */
export function playInC(player: string, script: readonly Operation[]): Outcome[] {
	const input = script.map(({name, numbers}) => [name, ...numbers].join(' ')).join('\n');
	const {status, stdout, stderr} = spawnSync(player, [], {input, maxBuffer: 1 << 28});
	if (status !== 0) throw new Error(`ring-player: ${stderr.toString()}`);
	const outcomes: Outcome[] = [];
	for (let at = 0; at < stdout.length; at += outcomeBytes) {
		outcomes.push({
			result: stdout.readInt32LE(at),
			copy: stdout.subarray(at + 4, at + 4 + copyBytes),
			page: stdout.subarray(at + 4 + copyBytes, at + outcomeBytes),
		});
	}

	return outcomes;
}

/** The C player's `layout` listing: key (all words but the numbers) to numbers. */
export function layoutInC(player: string): Map<string, number[]> {
	const {stdout} = spawnSync(player, ['layout'], {encoding: 'utf8'});
	const listing = new Map<string, number[]>();
	for (const line of stdout.trim().split('\n')) {
		const words = line.split(' ');
		const names = words.filter((word) => !/^-?\d+$/.test(word));
		const numbers = words.filter((word) => /^-?\d+$/.test(word)).map(Number);
		listing.set(line.startsWith('ring ') ? `ring blkif ${numbers[0]}` : names.join(' '), numbers);
	}

	return listing;
}

/** Our ring, both faces over one page, driven by the same operations. */
export class Player {
	readonly words = new Int32Array(1024);
	readonly front = new FrontRing(this.words, entryBytes);
	readonly back = new BackRing(this.words, entryBytes);
	readonly #copy = new Int32Array(requestWords);

	play({name, numbers}: Operation): Outcome {
		this.#copy.fill(0);
		const result = Number(this.#perform(name, numbers));
		return {result, copy: Buffer.from(this.#copy.slice().buffer), page: Buffer.from(this.words.slice().buffer)};
	}

	#perform(name: string, numbers: readonly number[]): number | boolean {
		const {front, back, words} = this;
		switch (name) {
			case 'initialise':
				front.initialise();
				back.attach(0);
				return 0;
			case 'poke':
				words[numbers[0]] = numbers[1];
				return 0;
			case 'attach-front':
				front.attach(numbers[0]);
				return 0;
			case 'attach-back':
				back.attach(numbers[0]);
				return 0;
			case 'request': {
				const entry = front.nextRequest();
				const [operation, segments, handle, id, sector] = numbers;
				writeRequest(words, entry, operation, segments, handle, id, sector);
				for (let i = 0; i < segments; i++) {
					writeSegment(words, entry, i, numbers[5 + 3 * i], numbers[6 + 3 * i], numbers[7 + 3 * i]);
				}

				return 0;
			}

			case 'push-requests':
				return front.pushRequests();
			case 'free':
				return front.free * 2 + Number(front.full);
			case 'unconsumed-responses':
				return front.unconsumedResponses | 0;
			case 'responses-overflow':
				return front.responsesOverflow;
			case 'take-response':
				copyResponse(words, front.nextResponse(), this.#copy);
				// The padding is copied with its word; the C player shows only the fields.
				this.#copy[2] &= 0xffff00ff;
				return 0;
			case 'arm-response-event':
				front.armResponseEvent(numbers[0]);
				return 0;
			case 'final-check-responses':
				return front.finalCheckForResponses();
			case 'unconsumed-requests':
				return back.unconsumedRequests | 0;
			case 'requests-overflow':
				return back.requestsOverflow;
			case 'consumer-overflow':
				return back.consumerOverflow;
			case 'take-request':
				copyRequest(words, back.nextRequest(), this.#copy);
				return 0;
			case 'arm-request-event':
				back.armRequestEvent(numbers[0]);
				return 0;
			case 'final-check-requests':
				return back.finalCheckForRequests();
			case 'response':
				writeResponse(words, back.nextResponse(), numbers[0], 0, numbers[1], numbers[2]);
				return 0;
			case 'push-responses':
				return back.pushResponses();
			default:
				throw new Error(`no operation '${name}'`);
		}
	}
}

/** The operations only the frontend performs; of the rest, those of the backend. */
export const frontOperations: ReadonlySet<string> = new Set([
	'request',
	'push-requests',
	'free',
	'unconsumed-responses',
	'responses-overflow',
	'take-response',
	'arm-response-event',
	'final-check-responses',
]);
export const backOperations: ReadonlySet<string> = new Set([
	'unconsumed-requests',
	'requests-overflow',
	'consumer-overflow',
	'take-request',
	'arm-request-event',
	'final-check-requests',
	'response',
	'push-responses',
]);
