import type { NewContact, Node } from '$lib/api/types';

export type ContactKind = 'person' | 'mailbox' | 'contact';

interface Values {
	kind: ContactKind;
	/** The person, team or mailbox that was chosen. */
	other: Pick<Node, 'id' | 'kind'> | null;
	/** Of a new mailbox. */
	title: string;
	email: string;
	role: string;
}

/** The contact as the server takes it; null while something is missing. */
export function contactOf({ kind, other, title, email, role }: Values): NewContact | null {
	const as = role.trim() ? { role: role.trim() } : {};
	if (kind === 'mailbox') {
		const mailbox = { title: title.trim(), email: email.trim() };
		return mailbox.title && mailbox.email ? { mailbox, ...as } : null;
	}
	if (!other) return null;
	if (other.kind === 'team') return { team_id: other.id, ...as };
	return other.kind === 'person' ? { person_id: other.id, ...as } : { contact_id: other.id, ...as };
}
