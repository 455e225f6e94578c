/**
Event channels with the 2-level ABI (Xen common/event_channel.c, common/event_2l.c, public/event_channel.h). An event carries no
payload: it sets a bit, and a bit that is set already absorbs it. Operations answer a port or 0, or a negative error as Xen does.
Pure mechanism: time and CPU cost are the caller's business.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {delay, pass} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import {Step} from '../../engine/step.js';
import {DOMID_SELF} from './domid.js';
import {EEXIST, EINVAL, ENOENT, ENOSPC, EPERM, ESRCH} from './errno.js';
import {
	defaultPortMaximum,
	EVTCHNSTAT_closed,
	EVTCHNSTAT_interdomain,
	EVTCHNSTAT_ipi,
	EVTCHNSTAT_pirq,
	EVTCHNSTAT_unbound,
	EVTCHNSTAT_virq,
	NR_VIRQS,
	nobody,
	type PortStatus,
	Ports,
	VIRQ_DEBUG,
	VIRQ_TIMER,
} from './event-ports.js';
import {portLimit, type SharedInfo, vcpuLimit} from './shared-info.js';

export class EventChannels {
	/** EVTCHNOP_send calls that found a port to send on. */
	sends = 0;
	/** evtchn_upcall_pending of a vCPU was newly set: kick it. */
	onUpcall: (domid: number, vcpu: number) => void = () => {};
	/** Whether a domain may bind a physical interrupt (pirq_access_permitted). */
	pirqPermitted: (domid: number, pirq: number) => boolean = () => false;

	/** Events sent by all domains since the start, and those of them that a fault lost. */
	sent = 0;
	lost = 0;

	private readonly engine: Engine;
	private readonly domains: (Ports | undefined)[] = [];
	private readonly late: Step;

	constructor(engine: Engine) {
		this.engine = engine;
		const late = (argument: number) => this.deliverLate(argument);
		this.late = new Step('late event', engine.world, 0, true, late);
	}

	/**
	A domain may have ports from now on.
	@param info its shared_info page. @param maximum the highest port it may have (at most 4095).
	*/
	create(domid: number, name: string, vcpus: number, info: SharedInfo, maximum = defaultPortMaximum): void {
		assert(this.domains[domid] === undefined, 'a domain is created once');
		assert(maximum < portLimit && vcpus <= vcpuLimit, 'the 2-level ABI has 4096 ports and 32 vCPUs');
		this.domains[domid] = new Ports(domid, name, vcpus, maximum, info);
	}

	/** Closes every port of a domain that is gone: its peers' ports become unbound. */
	destroy(domid: number): void {
		const ports = this.ports(domid);
		for (let port = 1; port <= ports.highest; port++) {
			if (ports.status[port] !== EVTCHNSTAT_closed) this.close(domid, port);
		}

		this.domains[domid] = undefined;
	}

	exists(domid: number): boolean {
		return this.domains[domid] !== undefined;
	}

	/** EVTCHNOP_alloc_unbound: a port that `remote` may bind. -ENOSPC when none is free. */
	allocUnbound(domid: number, remote: number, vcpu = 0): number {
		const ports = this.ports(domid);
		if (vcpu < 0 || vcpu >= ports.vcpus) return -ENOENT;
		const port = this.take(ports, EVTCHNSTAT_unbound, vcpu);
		if (port > 0) ports.remoteDomid[port] = remote === DOMID_SELF ? domid : remote;
		return port;
	}

	/**
	EVTCHNOP_bind_interdomain: joins a new local port to a remote unbound one reserved for this domain. The local port becomes
	pending at once, for what the remote may have sent before. -ESRCH, -EINVAL or -ENOSPC.
	*/
	bindInterdomain(domid: number, remote: number, remotePort: number, vcpu = 0): number {
		const ports = this.ports(domid);
		const peers = this.domains[remote === DOMID_SELF ? domid : remote];
		if (peers === undefined) return -ESRCH;
		if (vcpu < 0 || vcpu >= ports.vcpus) return -ENOENT;
		const peer = peers.domid;
		if (this.invalid(peers, remotePort)) return -EINVAL;
		if (peers.status[remotePort] !== EVTCHNSTAT_unbound || peers.remoteDomid[remotePort] !== domid) return -EINVAL;
		const port = this.take(ports, EVTCHNSTAT_interdomain, vcpu);
		if (port < 0) return port;
		ports.remoteDomid[port] = peer;
		ports.remotePort[port] = remotePort;
		peers.status[remotePort] = EVTCHNSTAT_interdomain;
		peers.remotePort[remotePort] = port;
		ports.faults[port] = this.engine.faults.point(faultKey(ports, peers, remotePort), [ports.name, peers.name]);
		peers.faults[remotePort] = this.engine.faults.point(faultKey(peers, ports, port), [peers.name, ports.name]);
		this.raise(ports, port);
		return port;
	}

	/** EVTCHNOP_bind_pirq: a physical interrupt's port. -EINVAL, -EPERM when not the domain's, -EEXIST, -ENOSPC. */
	bindPirq(domid: number, pirq: number, vcpu = 0): number {
		const ports = this.ports(domid);
		if (pirq < 0) return -EINVAL;
		if (!this.pirqPermitted(domid, pirq)) return -EPERM;
		if (ports.pirqs.has(pirq)) return -EEXIST;
		if (vcpu < 0 || vcpu >= ports.vcpus) return -ENOENT;
		const port = this.take(ports, EVTCHNSTAT_pirq, vcpu);
		if (port < 0) return port;
		ports.remotePort[port] = pirq;
		ports.pirqs.set(pirq, port);
		return port;
	}

	/** EVTCHNOP_bind_virq. -EINVAL, -ENOENT for a vCPU that is not there, -EEXIST, -ENOSPC. */
	bindVirq(domid: number, virq: number, vcpu: number): number {
		const ports = this.ports(domid);
		if (virq < 0 || virq >= NR_VIRQS || (isGlobal(virq) && vcpu !== 0)) return -EINVAL;
		if (vcpu < 0 || vcpu >= ports.vcpus) return -ENOENT;
		if (ports.virqs[vcpu * NR_VIRQS + virq] !== 0) return -EEXIST;
		const port = this.take(ports, EVTCHNSTAT_virq, vcpu);
		if (port < 0) return port;
		ports.remotePort[port] = virq;
		ports.virqs[vcpu * NR_VIRQS + virq] = port;
		return port;
	}

	/** EVTCHNOP_bind_ipi. */
	bindIpi(domid: number, vcpu: number): number {
		const ports = this.ports(domid);
		if (vcpu < 0 || vcpu >= ports.vcpus) return -ENOENT;
		return this.take(ports, EVTCHNSTAT_ipi, vcpu);
	}

	/** EVTCHNOP_close. The peer of an interdomain port becomes unbound, reserved for this domain. -EINVAL for a closed port. */
	close(domid: number, port: number): number {
		const ports = this.ports(domid);
		if (this.invalid(ports, port)) return -EINVAL;
		switch (ports.status[port]) {
			case EVTCHNSTAT_closed:
				return -EINVAL;
			case EVTCHNSTAT_interdomain: {
				const peers = this.ports(ports.remoteDomid[port]);
				const peer = ports.remotePort[port];
				peers.status[peer] = EVTCHNSTAT_unbound;
				peers.remoteDomid[peer] = domid;
				peers.remotePort[peer] = 0;
				this.forgetFault(ports, port);
				this.forgetFault(peers, peer);
				break;
			}

			case EVTCHNSTAT_pirq:
				ports.pirqs.delete(ports.remotePort[port]);
				break;
			case EVTCHNSTAT_virq:
				// A global one may have been moved to another vCPU's notification; it stays under vCPU 0.
				for (let vcpu = 0; vcpu < ports.vcpus; vcpu++) {
					const at = vcpu * NR_VIRQS + ports.remotePort[port];
					if (ports.virqs[at] === port) ports.virqs[at] = 0;
				}

				break;
			default:
				break;
		}

		ports.status[port] = EVTCHNSTAT_closed;
		ports.remoteDomid[port] = nobody;
		ports.remotePort[port] = 0;
		ports.vcpu[port] = 0;
		ports.info.clearPending(port);
		ports.lowestFree = Math.min(ports.lowestFree, port);
		return 0;
	}

	/** EVTCHNOP_send. 0 also for an unbound port, where the event goes nowhere; -EINVAL where nothing can be sent. */
	send(domid: number, port: number): number {
		const ports = this.ports(domid);
		if (this.invalid(ports, port)) return -EINVAL;
		this.sends++;
		switch (ports.status[port]) {
			case EVTCHNSTAT_interdomain: {
				ports.sent[port]++;
				this.sent++;
				const peers = this.ports(ports.remoteDomid[port]);
				const peer = ports.remotePort[port];
				const armed = ports.faults[port]?.armed ?? null;
				if (armed !== null) {
					const verdict = armed.decide(peer);
					if (verdict === delay) {
						this.engine.after(armed.value, this.late, peers.domid * portLimit + peer);
						return 0;
					}

					if (verdict !== pass) {
						ports.lost[port]++;
						this.lost++;
						return 0;
					}
				}

				this.raise(peers, peer);
				return 0;
			}

			case EVTCHNSTAT_ipi:
				ports.sent[port]++;
				this.sent++;
				this.raise(ports, port);
				return 0;
			case EVTCHNSTAT_unbound:
				ports.sent[port]++;
				this.sent++;
				return 0;
			default:
				return -EINVAL;
		}
	}

	/** A physical interrupt arrived for the domain: its port becomes pending. False when none is bound. */
	sendPirq(domid: number, pirq: number): boolean {
		const ports = this.domains[domid];
		const port = ports?.pirqs.get(pirq);
		if (ports === undefined || port === undefined) return false;
		this.raise(ports, port);
		return true;
	}

	/** A virtual interrupt for one vCPU (0 for a global one). False when none is bound. */
	sendVirq(domid: number, virq: number, vcpu = 0): boolean {
		const ports = this.domains[domid];
		const port = ports?.virqs[vcpu * NR_VIRQS + virq] ?? 0;
		if (ports === undefined || port === 0) return false;
		this.raise(ports, port);
		return true;
	}

	/** EVTCHNOP_unmask: clears the mask and delivers what was pending behind it. */
	unmask(domid: number, port: number): number {
		const ports = this.ports(domid);
		if (this.invalid(ports, port)) return -EINVAL;
		const info = ports.info;
		if (info.clearMask(port) && info.isPending(port)) this.select(ports, port);
		return 0;
	}

	/** The guest sets the mask bit itself: no hypercall. */
	mask(domid: number, port: number): void {
		this.ports(domid).info.mask(port);
	}

	/** EVTCHNOP_bind_vcpu: notifications of the port go to `vcpu` from now on. */
	bindVcpu(domid: number, port: number, vcpu: number): number {
		const ports = this.ports(domid);
		if (vcpu < 0 || vcpu >= ports.vcpus) return -ENOENT;
		if (this.invalid(ports, port)) return -EINVAL;
		const status = ports.status[port];
		const movable =
			status === EVTCHNSTAT_unbound ||
			status === EVTCHNSTAT_interdomain ||
			status === EVTCHNSTAT_pirq ||
			(status === EVTCHNSTAT_virq && isGlobal(ports.remotePort[port]));
		if (!movable) return -EINVAL;
		ports.vcpu[port] = vcpu;
		// A guest rebinds with the port masked and unmasks it afterwards; one that does not would strand what is pending on
		// the old vCPU's selector, as on the real thing.
		return 0;
	}

	/**
	What a guest's upcall does: clears upcall_pending, takes the selector, and for each deliverable port of this vCPU clears its
	pending bit and visits it, lowest first, before anything is scanned again.
	@returns ports visited.
	*/
	takePending(domid: number, vcpu: number, visit: (port: number) => void): number {
		return this.ports(domid).takePending(vcpu, visit);
	}

	/** EVTCHNOP_status; a negative error: -ESRCH, -EINVAL. */
	status(domid: number, port: number): PortStatus | number {
		const ports = this.domains[domid];
		if (ports === undefined) return -ESRCH;
		if (this.invalid(ports, port)) return -EINVAL;
		return ports.describe(port);
	}

	/** Every port of a domain that is not closed, lowest first. Cold. */
	open(domid: number): PortStatus[] {
		const ports = this.ports(domid);
		const open: PortStatus[] = [];
		for (let port = 1; port <= ports.highest; port++) {
			const status = ports.status[port] === EVTCHNSTAT_closed ? 0 : this.status(domid, port);
			if (typeof status !== 'number') open.push(status);
		}

		return open;
	}

	/** The page shared with a domain. */
	sharedInfo(domid: number): SharedInfo {
		return this.ports(domid).info;
	}

	/** Mixes a domain's ports and its shared page into the state hash. */
	mix(domid: number, hash: StateHash): void {
		const ports = this.ports(domid);
		hash.words(ports.info.words, 0, ports.info.words.length);
		for (let port = 1; port <= ports.highest; port++) {
			hash.word(ports.status[port] | (ports.vcpu[port] << 8) | (ports.remoteDomid[port] << 16));
			hash.word(ports.remotePort[port]);
		}
	}

	/** An event reaches a port (evtchn_2l_set_pending). */
	private raise(ports: Ports, port: number): void {
		ports.arrived[port]++;
		const info = ports.info;
		if (!info.setPending(port)) {
			ports.coalesced[port]++;
			return;
		}

		if (!info.isMasked(port)) this.select(ports, port);
	}

	private select(ports: Ports, port: number): void {
		const vcpu = ports.vcpu[port];
		if (ports.info.select(vcpu, port) && ports.info.setUpcallPending(vcpu)) this.onUpcall(ports.domid, vcpu);
	}

	private deliverLate(argument: number): void {
		const port = argument & (portLimit - 1);
		const ports = this.domains[(argument - port) / portLimit];
		if (ports !== undefined && ports.status[port] === EVTCHNSTAT_interdomain) this.raise(ports, port);
	}

	private take(ports: Ports, status: number, vcpu: number): number {
		let port = ports.lowestFree;
		while (port <= ports.maximum && ports.status[port] !== EVTCHNSTAT_closed) port++;
		ports.lowestFree = port;
		if (port > ports.maximum) return -ENOSPC;
		ports.status[port] = status;
		ports.vcpu[port] = vcpu;
		ports.sent[port] = 0;
		ports.lost[port] = 0;
		ports.arrived[port] = 0;
		ports.coalesced[port] = 0;
		ports.faults[port] = null;
		ports.highest = Math.max(ports.highest, port);
		return port;
	}

	private forgetFault(ports: Ports, port: number): void {
		const point = ports.faults[port];
		if (point) this.engine.faults.remove(point);
		ports.faults[port] = null;
	}

	private invalid(ports: Ports, port: number): boolean {
		return port <= 0 || port > ports.maximum;
	}

	private ports(domid: number): Ports {
		const ports = this.domains[domid];
		assert(ports !== undefined, 'the domain has event channels');
		return ports;
	}
}

function faultKey(from: Ports, to: Ports, port: number): string {
	return `evtchn.send ${from.name}→${to.name}:${port}`;
}

/** virq_is_global: TIMER, DEBUG and XENOPROF belong to one vCPU each, the others to the domain. */
function isGlobal(virq: number): boolean {
	return virq !== VIRQ_TIMER && virq !== VIRQ_DEBUG && virq !== 7;
}
