/**
Cutting a request into commands: as few as the PRP rule (nvme-prp.ts) and the largest transfer allow, each with a tag of its own, chained
from the owner.
*/
import {type BlockRequest, flushOperation, okay} from '../kernel/block-device.js';
import type {NvmeCommands} from './nvme-commands.js';
import {commandEnd} from './nvme-prp.js';

/** Commands that a request needs; a flush needs one. `maximum` is the largest transfer in bytes. */
export function commandsNeeded(request: BlockRequest, maximum: number): number {
	if (request.segments <= 1 || request.operation === flushOperation) return 1;
	let needed = 1;
	let end = commandEnd(request, 0, maximum);
	while (end < request.segments) {
		end = commandEnd(request, end, maximum);
		needed++;
	}

	return needed;
}

/** Takes tags for the `needed` commands of a request and gives each its share. Returns the owner's tag. */
export function planCommands(commands: NvmeCommands, request: BlockRequest, needed: number, maximum: number): number {
	const owner = accept(commands, request, needed);
	const hasData = request.operation !== flushOperation && request.segments > 0;
	let last = owner;
	let from = 0;
	let {sector} = request;
	for (let n = 0; n < needed; n++) {
		const tag = n === 0 ? owner : commands.take();
		if (n > 0) commands.next[last] = tag;
		last = tag;
		const end = hasData ? commandEnd(request, from, maximum) : 0;
		let bytes = 0;
		for (let i = from; i < end; i++) bytes += request.lengths[i];
		commands.owner[tag] = owner;
		commands.firstSegment[tag] = from;
		commands.segments[tag] = end - from;
		commands.sector[tag] = sector;
		commands.bytes[tag] = bytes;
		from = end;
		sector += bytes >>> 9;
	}

	return owner;
}

/** One command for the whole request, whose data lies in a bounce buffer. Returns its tag. */
export function planBounced(commands: NvmeCommands, request: BlockRequest, buffer: number): number {
	const owner = accept(commands, request, 1);
	commands.bounce[owner] = buffer;
	commands.firstSegment[owner] = 0;
	commands.segments[owner] = request.segments;
	commands.sector[owner] = request.sector;
	commands.bytes[owner] = request.bytes;
	return owner;
}

function accept(commands: NvmeCommands, request: BlockRequest, needed: number): number {
	const owner = commands.take();
	commands.owner[owner] = owner;
	commands.requests[owner] = request;
	commands.open[owner] = needed;
	commands.error[owner] = okay;
	return owner;
}
