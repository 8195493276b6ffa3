import Mail from '@lucide/svelte/icons/mail';
import Phone from '@lucide/svelte/icons/smartphone';
import Room from '@lucide/svelte/icons/messages-square';
import Webhook from '@lucide/svelte/icons/webhook';

export const channel_icons = { smtp: Mail, webhook: Webhook, slack: Room, ntfy: Phone };
