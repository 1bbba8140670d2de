//! Requests: their members in the order in which the service looks at them, each with its limits.

/// Declares objects with known members, all of which may be absent, and what is checked of each of them.
///
/// ```text
/// request! {
///     Request<'a> {
///         shard_id: Text<'a> = "ShardId" => SHARD_ID.required(),
///         dry_run: Flag = "DryRun",
///     }
/// }
/// ```
macro_rules! request {
    ($($(#[$meta:meta])* $name:ident<$life:lifetime> {
        $($member:ident: $type:ty = $wire:literal $(=> $limits:expr)?),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $name<$life> {
            $(pub(super) $member: Option<$type>,)*
            life: std::marker::PhantomData<&$life ()>,
        }

        impl<$life> serde::Deserialize<$life> for $name<$life> {
            fn deserialize<D: serde::Deserializer<$life>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
                use $crate::aws::stream::member;

                struct Members;

                impl<$life> Visitor<$life> for Members {
                    type Value = $name<$life>;

                    member::refuse_scalars!("Expected null");

                    fn visit_seq<A: SeqAccess<$life>>(self, _: A) -> Result<$name<$life>, A::Error> {
                        Err(A::Error::custom(member::LIST))
                    }

                    fn visit_map<A: MapAccess<$life>>(self, mut given: A) -> Result<$name<$life>, A::Error> {
                        let mut members = $name::default();
                        while let Some(name) = given.next_key::<member::Text<$life>>()? {
                            match &*name {
                                $($wire => members.$member = given.next_value()?,)*
                                _ => { given.next_value::<IgnoredAny>()?; }
                            }
                        }
                        Ok(members)
                    }
                }

                deserializer.deserialize_any(Members)
            }
        }

        impl $crate::aws::stream::checks::Member for $name<'_> {
            fn check(
                &self,
                _: &$crate::aws::stream::checks::Limits,
                path: &$crate::aws::stream::checks::Path<'_>,
                checks: &mut $crate::aws::stream::checks::Checks,
            ) {
                $({
                    #[allow(unused_variables, reason = "the limits of most members are told")]
                    let limits = &$crate::aws::stream::checks::Limits::ANY;
                    $(let limits = &$limits;)?
                    checks.member(self.$member.as_ref(), limits, &path.member($wire));
                })*
            }

            fn show(&self) -> Option<String> {
                None
            }
        }
    )*};
}
pub(super) use request;
