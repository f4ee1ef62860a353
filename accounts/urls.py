"""Signing in and out, passwords, and the choice of the district."""

from django.urls import path

from accounts.views.district import choose_district
from accounts.views.passwords import ChangePasswordView, ForgottenPasswordView, PasswordSentView, SetPasswordView
from accounts.views.sign_in import SignInView, SignOutView

app_name = "accounts"
urlpatterns = [
    path("sign-in/", SignInView.as_view(), name="sign_in"),
    path("sign-out/", SignOutView.as_view(), name="sign_out"),
    path("password/forgotten/", ForgottenPasswordView.as_view(), name="password_forgotten"),
    path("password/sent/", PasswordSentView.as_view(), name="password_sent"),
    path("password/set/<uidb64>/<token>/", SetPasswordView.as_view(), name="password_set"),
    path("password/change/", ChangePasswordView.as_view(), name="password_change"),
    path("district/", choose_district, name="choose_district"),
]
